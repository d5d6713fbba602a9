/**
 * `%{ … }%`: the few lines of Python by which scripts assert things about a connection. Assignments, `assert` and `print`
 * over numbers: names, comparisons (chained too), arithmetic, bits, `and`, `or`, `not`, `a if c else b`, and a few functions.
 * Names last until the script ends.
 */

import { TCP_INFO_CONSTANTS } from '../sim/tcp/info.ts';
import { Mismatch, Unsupported } from './outcome.ts';
import type { CodeAction } from './script.ts';

type Names = Map<string, number>;

const TOKEN =
  /\s*(0x[0-9a-fA-F]+|(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?|\w+|"[^"]*"|'[^']*'|==|!=|<=|>=|<<|>>|\*\*|\/\/|[-+*/%&|^~<>(),])/y;

/** Left to right, loosest first; comparisons stand between `not` and the bits. */
/* biome-ignore format: a table */
const BINARY: readonly Readonly<Record<string, (a: number, b: number) => number>>[] = [
  { '|': (a, b) => a | b },
  { '^': (a, b) => a ^ b },
  { '&': (a, b) => a & b },
  { '<<': (a, b) => a * 2 ** b, '>>': (a, b) => Math.floor(a / 2 ** b) },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  {
    '*': (a, b) => a * b, '/': (a, b) => a / b, '//': (a, b) => Math.floor(a / b),
    '%': (a, b) => a - b * Math.floor(a / b),
  },
];

/* biome-ignore format: a table */
const FUNCTIONS: Readonly<Record<string, (...values: number[]) => number>> = {
  abs: Math.abs, min: Math.min, max: Math.max, int: Math.trunc, round: (a) => Math.round(a),
};
const WORDS: Readonly<Record<string, number>> = { True: 1, False: 0, None: 0 };

/* biome-ignore format: a table */
const COMPARE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b, '!=': (a, b) => a !== b, '<': (a, b) => a < b, '<=': (a, b) => a <= b,
  '>': (a, b) => a > b, '>=': (a, b) => a >= b,
};

/** Runs the assertions of one event. `info`: what TCP_INFO gives now; undefined when there is no connection. */
export function checkCode(action: CodeAction, info: Readonly<Record<string, number>> | undefined, names: Names): void {
  for (const line of logicalLines(action.text)) {
    for (const statement of line.split(';')) {
      if (statement.trim() !== '') runStatement(statement.trim(), action, info, names);
    }
  }
}

/** Lines without comments; one that ends in a backslash or within parentheses goes on in the next. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let open = false;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.replace(/#.*$/, '');
    const more = /\\\s*$/.test(line);
    const part = line.replace(/\\\s*$/, ' ');
    const whole: string = open ? `${lines.pop() ?? ''} ${part.trim()}` : part;
    lines.push(whole);
    open = more || count(whole, '(') > count(whole, ')');
  }
  return lines;
}

const count = (text: string, mark: string): number => text.split(mark).length - 1;

function runStatement(
  text: string,
  action: CodeAction,
  info: Readonly<Record<string, number>> | undefined,
  names: Names,
): void {
  const refuse = (what: string): never => {
    throw new Unsupported(what, action);
  };
  const used = new Map<string, number>();
  const lookUp = (name: string): number => {
    const value = names.get(name) ?? (info && Object.hasOwn(info, name) ? info[name] : TCP_INFO_CONSTANTS[name]);
    if (value === undefined) return refuse(name.startsWith('tcpi_') ? `TCP_INFO ${name}` : `the name ${name} in code`);
    if (!Object.hasOwn(TCP_INFO_CONSTANTS, name)) used.set(name, value);
    return value;
  };
  const evaluate = (source: string): number => new Evaluator(source, lookUp, refuse).all();
  if (/^print\b/.test(text) || text === 'pass') return;
  const assignment = /^([A-Za-z_]\w*)\s*(\+|-)?=(?!=)\s*(.+)$/s.exec(text);
  if (assignment) {
    const [, name, sign, source] = assignment as unknown as [string, string, string | undefined, string];
    const value = evaluate(source);
    names.set(name, sign === undefined ? value : lookUp(name) + (sign === '+' ? value : -value));
    return;
  }
  const assertion = /^assert\b(.*)$/s.exec(text);
  if (!assertion) throw new Unsupported(`the code "${text}"`, action);
  const condition = upToComma(assertion[1] as string);
  if (evaluate(condition) !== 0) return;
  const compared = [...used].map(([field, value]) => ({ field, expected: '', actual: String(value), same: false }));
  throw new Mismatch(`the assertion ${condition.trim()} does not hold`, action, compared);
}

/** The condition of an assertion, without the message after it. */
function upToComma(text: string): string {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++;
    else if (text[i] === ')') depth--;
    else if (text[i] === ',' && depth === 0) return text.slice(0, i);
  }
  return text;
}

/** Truth is 1 and falsehood 0, as in Python. */
class Evaluator {
  readonly #tokens: string[] = [];
  readonly #lookUp: (name: string) => number;
  readonly #refuse: (what: string) => never;
  #at = 0;

  constructor(source: string, lookUp: (name: string) => number, refuse: (what: string) => never) {
    this.#lookUp = lookUp;
    this.#refuse = refuse;
    const text = source.trimEnd();
    for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length; ) {
      const from = TOKEN.lastIndex;
      const found = TOKEN.exec(text);
      if (!found) refuse(`the code "${text.slice(from)}"`);
      else this.#tokens.push(found[1] as string);
    }
  }

  all(): number {
    const value = this.#choice();
    if (this.#at < this.#tokens.length) this.#refuse(`the code "${this.#tokens.slice(this.#at).join(' ')}"`);
    return value;
  }

  #takes(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  /** `a if c else b`: both are worked out, which shows in nothing. */
  #choice(): number {
    const value = this.#or();
    if (!this.#takes('if')) return value;
    const condition = this.#or();
    if (!this.#takes('else')) return this.#refuse('"if" without "else" in code');
    const other = this.#choice();
    return condition === 0 ? other : value;
  }

  #or(): number {
    let value = this.#and();
    while (this.#takes('or')) {
      const right = this.#and();
      value = value || right;
    }
    return value;
  }

  #and(): number {
    let value = this.#not();
    while (this.#takes('and')) {
      const right = this.#not();
      value = value && right;
    }
    return value;
  }

  #not(): number {
    if (this.#takes('not')) return this.#not() === 0 ? 1 : 0;
    let left = this.#binary(0);
    let holds: boolean | undefined;
    for (let op = COMPARE[this.#tokens[this.#at] ?? '']; op; op = COMPARE[this.#tokens[this.#at] ?? '']) {
      this.#at++;
      const right = this.#binary(0);
      holds = (holds ?? true) && op(left, right);
      left = right;
    }
    return holds === undefined ? left : Number(holds);
  }

  #binary(level: number): number {
    const operators = BINARY[level];
    if (!operators) return this.#unary();
    let value = this.#binary(level + 1);
    for (;;) {
      const token = this.#tokens[this.#at] ?? '';
      const operator = Object.hasOwn(operators, token) ? operators[token] : undefined;
      if (!operator) return value;
      this.#at++;
      value = operator(value, this.#binary(level + 1));
    }
  }

  #unary(): number {
    if (this.#takes('-')) return -this.#unary();
    if (this.#takes('~')) return ~this.#unary();
    const value = this.#atom();
    return this.#takes('**') ? value ** this.#unary() : value;
  }

  #atom(): number {
    if (this.#takes('(')) {
      const [value, ...more] = this.#list();
      return more.length > 0 ? this.#refuse('a tuple in code') : (value as number);
    }
    const token = this.#tokens[this.#at++];
    if (token === undefined) return this.#refuse('code that ends early');
    if (/^[\d.]/.test(token)) return Number(token);
    if (!/^[A-Za-z_]/.test(token)) return this.#refuse(`"${token}" in code`);
    const known = Object.hasOwn(FUNCTIONS, token) ? FUNCTIONS[token] : undefined;
    if (known && this.#takes('(')) return known(...this.#list());
    return Object.hasOwn(WORDS, token) ? (WORDS[token] as number) : this.#lookUp(token);
  }

  /** What stands in parentheses, up to the closing one. */
  #list(): number[] {
    const values = [this.#choice()];
    while (this.#takes(',')) values.push(this.#choice());
    if (!this.#takes(')')) this.#refuse('code without its closing )');
    return values;
  }
}
