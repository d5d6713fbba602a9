/**
 * The session's worker on Node: entry of the bundle `session-worker.cjs`. Ties the session to a worker thread's port,
 * turns, heap and the real kernel. Ends by itself when the port closes.
 */
import { parentPort } from 'node:worker_threads';
import type { Platform } from './platform.ts';
import type { ToSession } from './protocol.ts';
import { serve } from './serve.ts';

/** Bytes in buffers, which lie outside the heap that the worker's limits bound. */
const BUFFER_LIMIT = 1e9;

const port = parentPort;
if (!port) throw new Error('session-worker is started as a worker thread');

const platform: Platform = {
  drain: () => new Promise((resolve) => setImmediate(resolve)),
  exhausted: () =>
    process.memoryUsage().arrayBuffers > BUFFER_LIMIT
      ? 'The cells hold more than 1 GB in buffers. Restart the session to free them.'
      : undefined,
  createLoopback: async (options) => {
    const { ABSENT, createLoopback } = await import('../loopback/kernel.ts');
    return { kernel: await createLoopback(options), absent: ABSENT };
  },
};

const session = serve(
  {
    post: (message, transfer = []) => port.postMessage(message, transfer as ArrayBuffer[]),
    listen: (onMessage) => port.on('message', (message: ToSession) => onMessage(message)),
  },
  platform,
);
process.on('unhandledRejection', (error) => session.stray(error));
process.on('uncaughtException', (error) => session.stray(error));
