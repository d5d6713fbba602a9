/**
 * What one cell prints: collected into few messages, bounded, and with the real clock used only to decide when to send.
 *
 * The first text of a quiet stretch is sent at once, so that a cell which then hangs has shown it. Beyond the limit text
 * is counted and dropped, and the end of the output says how much.
 */
import { PRINT_LIMIT } from './protocol.ts';

export type Stream = 'stdout' | 'stderr';

/** Milliseconds between two messages, and characters that are sent without waiting. */
const PAUSE = 50;
const CHUNK = 16_384;

export class Printer {
  readonly #send: (stream: Stream, text: string) => void;
  readonly #limit: number;
  #stream: Stream = 'stdout';
  #held: string[] = [];
  #heldLength = 0;
  #printed = 0;
  #dropped = 0;
  #sentAt = Number.NEGATIVE_INFINITY;

  /** @param send takes text on its way to the reader; @param limit characters that are passed on */
  constructor(send: (stream: Stream, text: string) => void, limit = PRINT_LIMIT) {
    this.#send = send;
    this.#limit = limit;
  }

  write(stream: Stream, text: string): void {
    const room = this.#limit - this.#printed;
    const kept = text.length <= room ? text : whole(text.slice(0, room));
    this.#dropped += text.length - kept.length;
    this.#printed += kept.length;
    if (this.#dropped > 0) this.#printed = this.#limit;
    if (kept === '') return;
    if (stream !== this.#stream) this.flush();
    this.#stream = stream;
    this.#held.push(kept);
    this.#heldLength += kept.length;
    if (this.#heldLength >= CHUNK) this.flush();
    else this.flushIfDue();
  }

  /** Sends what has waited long enough. */
  flushIfDue(): void {
    if (this.#heldLength > 0 && performance.now() - this.#sentAt >= PAUSE) this.flush();
  }

  flush(): void {
    if (this.#heldLength === 0) return;
    this.#send(this.#stream, this.#held.join(''));
    this.#held = [];
    this.#heldLength = 0;
    this.#sentAt = performance.now();
  }

  /** Sends the rest; nothing may be written afterwards. */
  end(): void {
    this.flush();
    if (this.#dropped > 0) {
      this.#send('stderr', `\n[output truncated: ${this.#dropped} more characters were printed]\n`);
    }
  }
}

/** The text without half a surrogate pair at its end. */
function whole(text: string): string {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text;
}
