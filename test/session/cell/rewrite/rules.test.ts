import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { parse } from 'acorn';
import fc from 'fast-check';
import { cleanMessage } from '../../../../src/session/cell/messages.ts';
import { TestSession } from '../session.ts';
import { cells, program } from './programs.ts';

const AsyncFunction = (async () => {}).constructor as new (
  ...text: string[]
) => (...args: unknown[]) => Promise<unknown>;

/** The functions that a program may call, and what it told them. */
function facade() {
  const log: string[] = [];
  let left = 200;
  return {
    log,
    globals: {
      log: (value: unknown) => void log.push(shown(value)),
      fuel: () => {
        if (left-- <= 0) throw new Error('out of fuel');
        return true;
      },
    },
  };
}

/** A value as text, with the names of functions and without their code and the places of errors. */
function shown(value: unknown): string {
  const text = value instanceof Error ? `${value.name}: ${value.message}` : inspect(value, { depth: 3 });
  return reworded(text.replace(/\n +at .*/g, ''));
}

/** Messages that are worded differently on purpose become one. */
function reworded(text: string): string {
  return cleanMessage(text)
    .replace(/Assignment to constant variable(?:\.| '.')/g, 'constant')
    .replace(/\(intermediate value\)/g, '_');
}

/** Lets tasks run on that nobody waits for, as far as they get. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

async function outcomeOf(run: Promise<unknown>): Promise<string> {
  try {
    const value = await run;
    await settled();
    return `value ${shown(value)}`;
  } catch (error) {
    await settled();
    return `throws ${shown(error)}`;
  }
}

/** A cell is a module, where `await` is a keyword throughout; to functions made from text it is a name here and there. */
function isModule(source: string): boolean {
  try {
    return Boolean(parse(source, { ecmaVersion: 2024, sourceType: 'module' }));
  } catch {
    return false;
  }
}

/** What JavaScript itself makes of a program; nothing, if it is none. */
async function plainly(body: string, result: string): Promise<{ log: string[]; outcome: string } | undefined> {
  if (!isModule(`${body}\n;(${result})`)) return undefined;
  const { log, globals } = facade();
  let compiled: (...args: unknown[]) => Promise<unknown>;
  try {
    compiled = new AsyncFunction('log', 'fuel', `'use strict';\n${body}\nreturn (${result});`);
  } catch {
    return undefined;
  }
  return { log, outcome: await outcomeOf(compiled(globals.log, globals.fuel)) };
}

/** What cells make of it, run one after the other until one fails. */
async function inCells(sources: readonly string[]): Promise<{ log: string[]; outcome: string }> {
  const { log, globals } = facade();
  const session = new TestSession(globals);
  const run = async () => {
    let value: unknown;
    for (const source of sources) {
      const ended = await session.run(source);
      if (!ended.ok) throw 'thrown' in ended ? ended.thrown : new SyntaxError(ended.error.message);
      value = ended.value;
    }
    return value;
  };
  return { log, outcome: await outcomeOf(run()) };
}

describe('rewritten code', () => {
  // the text of a function is the one thing that differs
  const text = Function.prototype.toString;
  // programs leave rejected promises lying about
  const listeners = process.listeners('unhandledRejection');
  before(() => {
    Function.prototype.toString = () => 'code';
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', () => {});
  });
  after(() => {
    Function.prototype.toString = text;
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
  });

  it('does what the program does', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(program, async ({ body, result }) => {
        const expected = await plainly(body, result);
        if (!expected) return;
        compared++;
        assert.deepEqual(await inCells([`${body}\n;(${result})`]), expected);
      }),
      { numRuns: 1_500 },
    );
    assert.ok(compared > 750, `only ${compared} programs were valid`);
  });

  it('does the same inside a function', async () => {
    await fc.assert(
      fc.asyncProperty(program, async ({ body, result }) => {
        const wrapped = `const main = async () => { ${body}\nreturn (${result}) };`;
        const expected = await plainly(wrapped, 'await main()');
        if (expected) assert.deepEqual(await inCells([wrapped, 'await main()']), expected);
      }),
      { numRuns: 500 },
    );
  });

  it('does the same cut into cells', async () => {
    await fc.assert(
      fc.asyncProperty(cells, async (sources) => {
        const expected = await plainly(sources.join('\n'), 'undefined');
        if (!expected) return;
        const got = await inCells([...sources, 'undefined']);
        assert.deepEqual(withoutMessages(got), withoutMessages(expected));
      }),
      { numRuns: 500 },
    );
  });
});

/** A name that a later cell declares is unknown, where one of the same cell is not initialized: other words, one error. */
function withoutMessages(run: { log: string[]; outcome: string }) {
  const kind = (line: string) => line.replace(/ReferenceError: .*/s, 'ReferenceError');
  return { log: run.log.map(kind), outcome: kind(run.outcome) };
}
