/** Entry of the bundle `socknb.mjs`: ties the program to this process. The session's worker lies beside it. */
import { nodeWorker } from '../session/worker-host-node.ts';
import { socknb } from './socknb.ts';

/** What a shell expects of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

// a reader that has seen enough (`socknb run FILE | head`) is no error
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

process.exitCode = await socknb(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  spawn: nodeWorker(new URL('./session-worker.cjs', import.meta.url)),
  onInterrupt: (listener) => {
    let asked = false;
    const onSignal = () => {
      if (asked) process.exit(INTERRUPTED);
      asked = true;
      listener();
    };
    process.on('SIGINT', onSignal);
    return () => process.off('SIGINT', onSignal);
  },
});
