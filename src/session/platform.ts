/** What a session needs of the platform that it runs on. One implementation per platform; see worker-node.ts. */
import type { Hooks, Kernel, Topology } from '../sim/syscall/kernel.ts';

export interface Platform {
  /** Resolves after one turn of the platform's loop: all code that could run has run, and rejections are known. */
  drain(): Promise<void>;
  /** Why the running cell must stop for the sake of the platform, or undefined. Asked some times per second. */
  exhausted(): string | undefined;
  /**
   * The real kernel, and the views that it cannot feed, each with the reason.
   * @throws Error when there is none here; its message is for the reader.
   */
  createLoopback(options: { topology: Topology; hooks: Hooks }): Promise<{
    kernel: Kernel;
    absent: Readonly<Record<string, string>>;
  }>;
}
