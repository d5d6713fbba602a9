import assert from 'node:assert/strict';
import { Printer } from '../../src/session/printer.ts';

type Sent = [stream: string, text: string];

/** What a printer sends of these writes. */
function sent(writes: readonly (readonly ['stdout' | 'stderr', string])[], limit?: number): Sent[] {
  const messages: Sent[] = [];
  const printer = new Printer((stream, text) => messages.push([stream, text]), limit);
  for (const [stream, text] of writes) printer.write(stream, text);
  printer.end();
  return messages;
}

const joined = (messages: Sent[]): string => messages.map(([, text]) => text).join('');

describe('printer', () => {
  it('sends the first text at once, for a cell that then hangs', () => {
    const messages: string[] = [];
    new Printer((_, text) => messages.push(text)).write('stdout', 'first');
    assert.deepEqual(messages, ['first']);
  });

  it('gathers many small texts into few messages, and loses none', () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => ['stdout', `line ${i}\n`] as const);
    const messages = sent(lines);
    assert.ok(messages.length < 100, `${messages.length} messages`);
    assert.equal(joined(messages), lines.map(([, text]) => text).join(''));
  });

  it('keeps the order of the streams', () => {
    const writes = [
      ['stdout', 'a'],
      ['stderr', 'b'],
      ['stderr', 'c'],
      ['stdout', 'd'],
    ] as const;
    assert.equal(joined(sent(writes)), 'abcd');
    assert.deepEqual(
      sent(writes).map(([stream]) => stream),
      ['stdout', 'stderr', 'stdout'],
    );
  });

  const CUTS: [what: string, writes: string[], kept: string, dropped: number][] = [
    ['nothing below the limit', ['12345'], '12345', 0],
    ['what is above it', ['123', '456'], '12345', 1],
    ['everything after it', ['123456', '7', '8'], '12345', 3],
    ['no half of a character', ['1234😀', '5'], '1234', 3],
  ];
  for (const [what, writes, kept, dropped] of CUTS) {
    it(`cuts ${what}`, () => {
      const messages = sent(
        writes.map((text) => ['stdout', text] as const),
        5,
      );
      const note = `\n[output truncated: ${dropped} more characters were printed]\n`;
      assert.equal(joined(messages), dropped === 0 ? kept : kept + note);
    });
  }
});
