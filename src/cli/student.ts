/** `socknb student`: a copy of a notebook without its solutions. */
import { realpathSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseBytes } from '../format/bytes.ts';
import { studentCopy } from '../guide/student.ts';
import { fromUtf8, utf8 } from '../sim/base/bytes.ts';
import type { Io } from './io.ts';
import { FileError, formatFault, readBytes, systemMessage } from './load.ts';

/** @returns the exit code @throws FileError */
export function student({ file, output }: { file: string; output: string }, io: Io): number {
  const bytes = readBytes(file);
  if (realPath(file) === realPath(output)) {
    throw new FileError(`${output}: this is the notebook itself; its solutions would be lost`);
  }
  const parsed = parseBytes(bytes);
  if (!parsed.ok) throw formatFault(file, parsed.errors);
  const copy = studentCopy(fromUtf8(bytes));
  if (!copy.ok) throw formatFault(file, copy.errors);
  try {
    writeFileSync(output, utf8(copy.text));
  } catch (error) {
    throw new FileError(`${output}: ${systemMessage(error)}`);
  }
  const removed = copy.removed.length === 0 ? 'no solution to take out' : `without ${copy.removed.join(', ')}`;
  io.out(`${output}: ${removed}\n`);
  return 0;
}

/** Where a path leads, links followed; a file that is not there leads to itself. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
