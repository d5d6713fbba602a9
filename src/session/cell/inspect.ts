/**
 * Values as text: results of cells and arguments of `console.log`, in the style of Node's `util.inspect`.
 *
 * The formatter is Node's own, taken out of Node (`node-inspect-extracted`: 53 KB minified, no dependency, runs in a
 * browser). Two kinds of value get a form of their own. Byte arrays show as the text that they nearly always are here.
 * Errors show without a stack, whose paths and line numbers would differ from machine to machine.
 */
import { formatWithOptions, type InspectOptions, inspect as inspectLikeNode } from 'node-inspect-extracted';
import { cleanMessage } from './messages.ts';

const OPTIONS: InspectOptions = { depth: 4, maxArrayLength: 100, maxStringLength: 10_000, breakLength: 100 };

/** A value as text, over several lines when it is large. Never throws, whatever the value's getters do. */
export function inspect(value: unknown): string {
  return guarded(() => inspectLikeNode(value, OPTIONS));
}

/** The arguments of `console.log` as text; a first string may hold %s %d %i %f %j %o %O %c %%. */
export function format(...args: readonly unknown[]): string {
  return guarded(() => formatWithOptions(OPTIONS, ...args));
}

function guarded(write: () => string): string {
  try {
    return withForms(write);
  } catch (error) {
    return `[a value that can't be shown: ${error instanceof Error ? error.message : 'it throws'}]`;
  }
}

type Form = (this: object, depth: number, options: InspectOptions) => string;

/** The formatter asks an object for its form under this symbol. */
const FORM = Symbol.for('nodejs.util.inspect.custom');

const FORMS: readonly (readonly [object, Form])[] = [
  [Uint8Array.prototype, bytesForm as Form],
  [Error.prototype, errorForm as Form],
];

/** Lends the forms to their prototypes while something is written: nothing else sees them. */
function withForms(write: () => string): string {
  const lent = FORMS.filter(([prototype]) => !Object.hasOwn(prototype, FORM));
  for (const [prototype, value] of lent) Object.defineProperty(prototype, FORM, { value, configurable: true });
  try {
    return write();
  } finally {
    for (const [prototype] of lent) Reflect.deleteProperty(prototype, FORM);
  }
}

const SHOWN_BYTES = 64;
const SHOWN_CHARACTERS = 400;
/** A shorter run of zeros at the end may well be data. */
const PADDING = 4;

/** `Uint8Array(5) "hello"`, `Uint8Array(64) "hello" and 59 zero bytes`, `Uint8Array(2) <ff 00>`. */
function bytesForm(this: Uint8Array): string {
  const head = `${this.constructor.name}(${this.length})`;
  const used = this.findLastIndex((byte) => byte !== 0) + 1;
  const zeros = this.length - used;
  if (used === 0 && zeros > 0) return `${head} all zero`;
  const text = zeros === 0 || zeros >= PADDING ? printable(this.subarray(0, used)) : undefined;
  if (text !== undefined) return `${head} ${text}${zeros > 0 ? ` and ${zeros} zero bytes` : ''}`;
  const hex = Array.from(this.subarray(0, SHOWN_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const rest = this.length - SHOWN_BYTES;
  return `${head} <${hex}${rest > 0 ? ` ... ${rest} more` : ''}>`;
}

/** The bytes as a quoted string, if they are UTF-8 without control characters other than line ends and tabs. */
function printable(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (/[^\P{C}\r\n\t]/u.test(text)) return undefined;
    const rest = text.length - SHOWN_CHARACTERS;
    return rest > 0
      ? `${JSON.stringify(text.slice(0, SHOWN_CHARACTERS))}... ${rest} more characters`
      : JSON.stringify(text);
  } catch {
    return undefined; // no UTF-8
  }
}

/** `SysError: connect: -1 ECONNREFUSED (Connection refused) { errno: 111, code: 'ECONNREFUSED' }` */
function errorForm(this: Error, depth: number, options: InspectOptions): string {
  const { name: _name, message: _message, stack: _stack, ...own } = this;
  const extra: Record<string, unknown> = own;
  if (this.cause !== undefined) extra['[cause]'] = this.cause;
  if (this instanceof AggregateError) extra['[errors]'] = this.errors;
  const message = cleanMessage(this.message);
  const head = message === '' ? this.name : `${this.name}: ${message}`;
  if (Object.keys(extra).length === 0) return head;
  return depth < 0 ? `[${head}]` : `${head} ${inspectLikeNode(extra, { ...options, depth })}`;
}
