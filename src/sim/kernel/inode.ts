/**
 * Regular files of a host, enough to be written, read and sent: a flat table of paths. No directories, no permissions.
 */
import { EMPTY } from '../base/bytes.ts';

/** A regular file's contents. */
export class Inode {
  bytes: Uint8Array = EMPTY;

  /** Copies what lies from `at` on into `out`. @returns how many bytes; 0: the end of the file */
  read(at: number, out: Uint8Array): number {
    const part = this.bytes.subarray(at, at + out.length);
    out.set(part);
    return part.length;
  }

  /** Writes at `at`; what lies between the old end and `at` reads as zeros. */
  write(at: number, data: Uint8Array): void {
    const end = at + data.length;
    if (end > this.bytes.length) {
      const longer = new Uint8Array(end);
      longer.set(this.bytes);
      this.bytes = longer;
    }
    this.bytes.set(data, at);
  }
}

/** The files of a host by their paths. */
export type Files = Map<string, Inode>;
