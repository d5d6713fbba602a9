/** A notebook from a file, or why not, as `file:line:column: message` that editors can follow. */
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseBytes } from '../format/bytes.ts';
import type { FormatError, Notebook } from '../format/notebook.ts';

/** A file that cannot be used; the message is for the reader, one fault per line. */
export class FileError extends Error {
  override readonly name = 'FileError';
}

const SYSTEM: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'this is a folder',
  EACCES: 'permission denied',
};

/** What a failed file operation says: 'no such file'. */
export const systemMessage = (error: unknown): string => {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return SYSTEM[code] ?? message;
};

/** The bytes of a file. @throws FileError */
export function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new FileError(`${file}: ${systemMessage(error)}`);
  }
}

/** Whether two paths lead to one file, by whatever name. */
export const sameFile = (a: string, b: string): boolean => realPath(a) === realPath(b);

/** Where a path leads, links followed; a file that is not there leads to itself. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/** Writes a file. @throws FileError */
export function writeBytes(file: string, bytes: Uint8Array): void {
  try {
    writeFileSync(file, bytes);
  } catch (error) {
    throw new FileError(`${file}: ${systemMessage(error)}`);
  }
}

/** @throws FileError when it is not there or no notebook */
export function loadNotebook(file: string): Notebook {
  const result = parseBytes(readBytes(file));
  if (result.ok) return result.notebook;
  throw formatFault(file, result.errors);
}

export const formatFault = (file: string, errors: readonly FormatError[]): FileError =>
  new FileError(errors.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`).join('\n'));
