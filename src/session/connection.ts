/**
 * One worker and the requests it still owes an answer.
 *
 * Guarantees that every request settles: with its answer, or with the worker's end. Knows the protocol's envelope and
 * nothing of what the messages mean.
 */
import type { Clock, FromSession, Print, SessionWorker, ToSession, WorkerExit } from './protocol.ts';

export type Answer = Exclude<FromSession, Print | Clock>;
/** What became of a request. */
export type Reply = { answer: Answer } | { gone: WorkerExit };

export class Connection {
  /** Set once the worker is no more. */
  gone: WorkerExit | undefined;

  readonly #worker: SessionWorker;
  readonly #pending = new Map<number, (reply: Reply) => void>();

  /**
   * @param onNews is given what comes without being an answer
   * @param onGone is called once, when the worker ended
   */
  constructor(worker: SessionWorker, onNews: (news: Print | Clock) => void, onGone: (exit: WorkerExit) => void) {
    this.#worker = worker;
    worker.listen(
      (message) => {
        if ('inReplyTo' in message) this.#settle(message.inReplyTo, { answer: message });
        else onNews(message);
      },
      (exit) => {
        if (this.gone) return;
        this.gone = exit;
        for (const id of [...this.#pending.keys()]) this.#settle(id, { gone: exit });
        onGone(exit);
      },
    );
  }

  /** Sends a request. Never rejects, and never stays open after the worker's end. */
  ask(request: ToSession): Promise<Reply> {
    if (this.gone) return Promise.resolve({ gone: this.gone });
    return new Promise((resolve) => {
      this.#pending.set(request.id, resolve);
      this.#worker.post(request);
    });
  }

  /** Ends the worker; what it owes is settled as gone. */
  async terminate(): Promise<void> {
    if (!this.gone) await this.#worker.terminate();
  }

  #settle(id: number, reply: Reply): void {
    const resolve = this.#pending.get(id);
    this.#pending.delete(id);
    resolve?.(reply);
  }
}
