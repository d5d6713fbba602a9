import assert from 'node:assert/strict';
import { Log } from '../../src/sim/trace/log.ts';
import { isViewId, textOf, VIEW_IDS, VIEWS } from '../../src/views/text.ts';
import { causes } from '../../src/views/why.ts';
import { assertGolden } from '../golden/golden.ts';
import { story, until } from './script.ts';

const golden = (name: string, text: string) => assertGolden(`views/${name}`, `${text}\n`);

describe('the text of the views', () => {
  for (const id of VIEW_IDS) {
    it(`${id}: the whole story`, () => {
      const { log } = story();
      golden(`${id}-whole`, textOf([id], log));
    });
  }

  it('at the instant when a segment is known by us, and not by TCP, to be lost', () => {
    const { log } = story();
    golden('lost', textOf(['buffers', 'ss', 'sequence'], log, until(log, 100)));
  });

  it("while the second write is in the kernel, at the handshake's end", () => {
    const { log } = story();
    golden('writing', textOf(['buffers', 'states'], log, until(log, 20)));
  });

  it('why a segment was sent again, down to the line of the cell', () => {
    const { log, again } = story();
    const lines = causes(log, again).map(({ n, text, rfc, linux, cell, line }) =>
      [`${n}`, text, rfc, linux, cell && `${cell}:${line}`].filter(Boolean).join(' | '),
    );
    golden('why', lines.join('\n'));
  });

  it('is there for an empty log, at its only cursor', () => {
    for (const id of VIEW_IDS) assert.doesNotThrow(() => textOf([id], new Log()), id);
    assert.match(
      textOf(['buffers', 'sequence'], new Log()),
      /^── Buffers ─+\nno connection.*\n\n── Sequence ─+\nnothing/,
    );
  });

  it('is there at every cursor of the story', () => {
    const { log } = story();
    for (let at = 0; at <= log.length; at++) assert.ok(textOf(VIEW_IDS, log, at).length > 0);
  });

  it('knows its views by name', () => {
    assert.ok(isViewId('buffers'));
    assert.ok(!isViewId('toString'));
    for (const id of VIEW_IDS) assert.equal(VIEWS[id].id, id);
  });
});
