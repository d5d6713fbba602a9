/** `socknb student`: a copy of a notebook without its solutions. */
import { parseBytes } from '../format/bytes.ts';
import { studentCopy } from '../guide/student.ts';
import { fromUtf8, utf8 } from '../sim/base/bytes.ts';
import type { Io } from './io.ts';
import { FileError, formatFault, readBytes, sameFile, writeBytes } from './load.ts';

/** @returns the exit code @throws FileError */
export function student({ file, output }: { file: string; output: string }, io: Io): number {
  const bytes = readBytes(file);
  if (sameFile(file, output))
    throw new FileError(`${output}: this is the notebook itself; its solutions would be lost`);
  const parsed = parseBytes(bytes);
  if (!parsed.ok) throw formatFault(file, parsed.errors);
  const copy = studentCopy(fromUtf8(bytes));
  if (!copy.ok) throw formatFault(file, copy.errors);
  writeBytes(output, utf8(copy.text));
  const removed = copy.removed.length === 0 ? 'no solution to take out' : `without ${copy.removed.join(', ')}`;
  io.out(`${output}: ${removed}\n`);
  return 0;
}
