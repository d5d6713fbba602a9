/** What the commands need of their surroundings: so that a test can be the terminal. */
import type { SpawnWorker } from '../session/protocol.ts';

export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Starts a session's worker. */
  spawn: SpawnWorker;
  /** Calls back when the reader presses Ctrl-C. @returns ends that */
  onInterrupt(listener: () => void): () => void;
}
