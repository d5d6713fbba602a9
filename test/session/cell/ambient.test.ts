import assert from 'node:assert/strict';
import { TestSession } from './session.ts';

/** A cell and its value, on any machine. The clock of the test session stands at one day. */
const VALUES: readonly (readonly [source: string, value: unknown])[] = [
  ['Date.now()', 86_400_000],
  ['new Date().toISOString()', '1970-01-02T00:00:00.000Z'],
  ['String(new Date(0))', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ['new Date(0).toLocaleString()', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ['new Date(0).toDateString() + "|" + new Date(0).toTimeString()', 'Thu, 01 Jan 1970|00:00:00 GMT'],
  ['new Date(2020, 1, 29, 12).getTime()', Date.UTC(2020, 1, 29, 12)],
  ['new Date("2020-02-29T12:00").getTime()', Date.UTC(2020, 1, 29, 12)],
  ['new Date("2020-02-29T12:00+02:00").getTime()', Date.UTC(2020, 1, 29, 10)],
  ['Date.parse("29 Feb 2020 12:00")', Date.UTC(2020, 1, 29, 12)],
  ['Date.parse("2020-02-29")', Date.UTC(2020, 1, 29)],
  ['const d = new Date(0); d.setHours(5); [d.getHours(), d.getUTCHours(), d.getTimezoneOffset()]', [5, 5, 0]],
  ['new Date(NaN).getTime()', Number.NaN],
  ['new Date() instanceof Date && Date.name', 'Date'],
  ['Math.random() + Math.max(1, 2)', 2.25],
  ['Object.keys(Math).length + String(Math)', '0[object Math]'],
  ['JSON.stringify([...new Map([[1, new Set("a")]])])', '[[1,{}]]'],
  ['new TextDecoder().decode(new TextEncoder().encode("é"))', 'é'],
  ['let done = false; queueMicrotask(() => { done = true }); await 0; done', true],
  ['[typeof setTimeout, typeof process, typeof globalThis, typeof crypto, typeof WeakRef]', Array(5).fill('undefined')],
];

/** Names that a cell does not get, and what it reads instead of a bare "not defined". */
const ABSENT: readonly (readonly [source: string, message: RegExp])[] = [
  ['setTimeout(() => 1, 5)', /^ReferenceError: setTimeout: there is no real clock here; use `await sleep\(ms\(10\)\)`/],
  ['setInterval', /no real clock/],
  ['performance.now()', /use now\(\) or Date\.now\(\)/],
  ['process.exit()', /^ReferenceError: process: a cell does not see the machine/],
  ['globalThis.x = 1', /^ReferenceError: globalThis: /],
  ['require("net")', /^ReferenceError: require: a cell has no modules/],
  ['fetch("http://x")', /^ReferenceError: fetch: the network is the simulated one/],
  ['crypto.randomUUID()', /Math\.random\(\), which is seeded/],
  ['Buffer.from("x")', /use buffer\(n\), bytes\(text\) and text\(bytes\)/],
  ['eval("1")', /^ReferenceError: eval: code that is made at run time/],
  ['new WeakRef({})', /garbage/],
  ['constructor', /^ReferenceError: constructor is not defined/],
  ['toString()', /^ReferenceError: toString is not defined/],
  ['arguments', /^ReferenceError: arguments is not defined/],
];

describe('what a cell finds around it', () => {
  for (const [source, value] of VALUES) {
    it(source, async () => assert.deepEqual(await new TestSession().value(source), value));
  }
  for (const [source, message] of ABSENT) {
    it(`lacks ${source}`, async () => assert.match(await new TestSession().failure(source), message));
  }

  it('turns an error in a microtask into a rejection, with its place', async () => {
    const reasons: unknown[] = [];
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', (reason) => reasons.push(reason));
    const session = new TestSession();
    try {
      await session.value('queueMicrotask(() => { throw new Error("later") })', 'a');
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const listener of listeners) process.on('unhandledRejection', listener);
    }
    assert.deepEqual(
      reasons.map((reason) => session.scope.describe(reason).stack),
      ['Error: later\n    at a:1:30'],
    );
  });
});
