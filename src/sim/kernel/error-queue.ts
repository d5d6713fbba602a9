/**
 * The error queue of a socket (sk_error_queue): what the kernel has to tell about sent data, read with MSG_ERRQUEUE. Each
 * entry is a struct sock_extended_err (include/uapi/linux/errqueue.h), perhaps a time, perhaps bytes of the packet. Knows
 * neither sockets nor calls.
 */
import { EMPTY } from '../base/bytes.ts';
import type { Time } from '../base/time.ts';
import { ERRQUEUE } from '../base/uapi.ts';

/** struct sock_extended_err, and what else an entry carries. */
export interface ErrorEntry {
  /** ee_errno: a positive number. */
  errno: number;
  origin: number;
  type: number;
  code: number;
  info: number;
  data: number;
  /** What of the packet comes back with it. */
  payload: Uint8Array;
  /** The time that SCM_TIMESTAMPING tells. */
  time?: Time;
  /** SO_EE_OFFENDER: who sent the ICMP message. */
  offender?: { addr: string; port: number };
}

/** An entry with nothing set but its origin. */
export const errorEntry = (origin: number, fields: Partial<ErrorEntry> = {}): ErrorEntry => ({
  errno: 0,
  origin,
  type: 0,
  code: 0,
  info: 0,
  data: 0,
  payload: EMPTY,
  ...fields,
});

/** The number after `n` in the 32 bits of ee_info and ee_data. */
const following = (n: number): number => (n + 1) >>> 0;

export class ErrorQueue {
  readonly #entries: ErrorEntry[] = [];

  get length(): number {
    return this.#entries.length;
  }

  /** The entry that will be read next. */
  get first(): ErrorEntry | undefined {
    return this.#entries[0];
  }

  add(entry: ErrorEntry): void {
    this.#entries.push(entry);
  }

  take(): ErrorEntry | undefined {
    return this.#entries.shift();
  }

  /**
   * Sends with MSG_ZEROCOPY are complete. Numbers that follow on those of the last entry are joined with it
   * (skbuff.c skb_zerocopy_notify_extend); the entry keeps its code.
   * @returns the entry
   */
  zeroCopied(first: number, last: number, copied: boolean): ErrorEntry {
    const tail = this.#entries.at(-1);
    if (tail?.origin === ERRQUEUE.SO_EE_ORIGIN_ZEROCOPY && following(tail.data) === first) {
      tail.data = last;
      return tail;
    }
    const code = copied ? ERRQUEUE.SO_EE_CODE_ZEROCOPY_COPIED : 0;
    const entry = errorEntry(ERRQUEUE.SO_EE_ORIGIN_ZEROCOPY, { code, info: first, data: last });
    this.add(entry);
    return entry;
  }
}
