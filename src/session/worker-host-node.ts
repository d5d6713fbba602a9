/** Starts a session's worker as a thread of this Node process, with bounded memory, and tells why it ended. */
import { Worker } from 'node:worker_threads';
import type { FromSession, SpawnWorker, WorkerExit } from './protocol.ts';

export interface NodeWorkerOptions {
  /** Megabytes that the values of a session may take up. */
  memory?: number;
}

const DEFAULT_MEMORY = 512;

/** @param file the bundle `session-worker.cjs` */
export function nodeWorker(file: string | URL, { memory = DEFAULT_MEMORY }: NodeWorkerOptions = {}): SpawnWorker {
  return () => {
    const worker = new Worker(file, {
      resourceLimits: { maxOldGenerationSizeMb: memory, maxYoungGenerationSizeMb: 64 },
      execArgv: [], // the host's own loaders and flags are not the session's
      // what a cell prints comes as messages; nothing of the worker may reach this process's streams
      stdout: true,
      stderr: true,
    });
    let terminated = false;
    let fault: (Error & { code?: string }) | undefined;
    worker.on('error', (error) => {
      fault = error;
    });
    const reason = (code: number): WorkerExit => {
      if (terminated) return { reason: 'terminated', detail: 'it was ended from outside' };
      if (fault?.code === 'ERR_WORKER_OUT_OF_MEMORY') {
        return { reason: 'out of memory', detail: `the limit is ${memory} MB` };
      }
      return { reason: 'crashed', detail: fault?.message ?? `exit code ${code}` };
    };
    return {
      post: (message) => worker.postMessage(message),
      listen: (onMessage, onExit) => {
        worker.on('message', (message: FromSession) => onMessage(message));
        worker.on('messageerror', (error) => {
          fault = error;
          void worker.terminate();
        });
        worker.on('exit', (code) => onExit(reason(code)));
      },
      terminate: async () => {
        terminated = true;
        await worker.terminate();
      },
    };
  };
}
