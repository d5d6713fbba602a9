import assert from 'node:assert/strict';
import { sequence } from '../../../src/views/sequence.ts';
import type { SequenceModel } from '../../../src/views/view.ts';
import { boxesTouch, corners, lineCrosses } from '../../../webview/layout/boxes.ts';
import { packetSentence, packetTexts, type SequenceShape, sequenceShape } from '../../../webview/layout/sequence.ts';
import { fewBytes, losses, SAMPLES } from '../samples.ts';

const CHAR = 6.62;
const WIDTHS = [420, 560, 700, 1180];

describe('the sequence diagram', () => {
  for (const [name, make] of Object.entries(SAMPLES)) {
    describe(name, () => {
      let model: SequenceModel;
      const shapes = new Map<number, SequenceShape>();
      before(async () => {
        const { log } = await make();
        model = sequence.model(log, log.length);
        for (const width of WIDTHS) shapes.set(width, sequenceShape(model, width, CHAR));
      });
      const eachShape = (check: (shape: SequenceShape) => void) => {
        for (const width of WIDTHS) check(shapes.get(width) as SequenceShape);
      };

      it('draws every packet between its hosts, later ones never higher', () =>
        eachShape(({ arrows, lifelines }) => {
          assert.equal(arrows.length, model.arrows.length);
          const x = new Map(lifelines.map((line) => [line.host, line.x]));
          let last = 0;
          for (const { arrow, a, b } of arrows) {
            assert.equal(a.x, x.get(arrow.from));
            if (arrow.fate === 'arrived') assert.equal(b.x, x.get(arrow.to));
            else assert.ok(Math.abs(b.x - a.x) < Math.abs((x.get(arrow.to) ?? 0) - a.x));
            assert.ok(b.y >= a.y);
            if (arrow.sent.row > 0) assert.ok(a.y >= last);
            last = a.y;
          }
        }));

      it('writes no words under a line or over other words', () =>
        eachShape(({ arrows }) => {
          const boxes = arrows.flatMap(({ label, reason }, i) =>
            [label, reason].flatMap((p) => (p ? [{ i, ...p }] : [])),
          );
          for (const [k, { i, box, text }] of boxes.entries()) {
            for (const [j, line] of arrows.entries()) {
              // The reason of a drop begins where its own arrow ends.
              if (j !== i) assert.ok(!lineCrosses(box, line), `"${text}" lies under packet ${line.arrow.n}`);
            }
            for (const other of boxes.slice(k + 1)) assert.ok(!boxesTouch(box, other.box), `"${text}" "${other.text}"`);
          }
        }));

      it('tells the reason of every drop, at its end or beside the sender', () =>
        eachShape(({ arrows, notes }) => {
          for (const { arrow, reason } of arrows) {
            if (arrow.fate !== 'dropped') continue;
            const told = reason?.text ?? notes.find((note) => note.part === 'drop' && note.mark === arrow)?.full;
            assert.ok(told?.includes(arrow.reason), `packet ${arrow.n}`);
          }
        }));

      it('keeps notes apart from each other, inside the picture and off the times', () =>
        eachShape(({ notes, width, lifelines }) => {
          for (const { x } of lifelines) {
            const beside = notes.filter((note) => note.from.x === x).map((note) => note.y);
            for (let i = 1; i < beside.length; i++) {
              assert.ok((beside[i] as number) - (beside[i - 1] as number) >= 14 - 1e-6);
            }
          }
          for (const { x, anchor, text } of notes) {
            const far = anchor === 'end' ? x - text.length * CHAR : x + text.length * CHAR;
            assert.ok(far >= 76 && far <= width + 1, `"${text}" ends at ${far} of ${width}`);
          }
        }));

      it('keeps labels between the lifelines', () =>
        eachShape(({ arrows, lifelines }) => {
          const left = Math.min(...lifelines.map(({ x }) => x));
          const right = Math.max(...lifelines.map(({ x }) => x));
          for (const { label } of arrows) {
            for (const { x } of label ? corners(label.box) : []) assert.ok(x > left - 8 && x < right + 8);
          }
        }));
    });
  }

  it('labels most packets even where the link is full', async () => {
    const { log } = await losses();
    const { arrows } = sequenceShape(sequence.model(log, log.length), 700, CHAR);
    assert.ok(arrows.filter(({ label }) => label).length > arrows.length * 0.7);
  });

  it('says of a packet its flags, seq, ack, window and length, in full where there is room', async () => {
    const { log } = await fewBytes();
    const model = sequence.model(log, log.length);
    const data = model.arrows.find(({ length }) => length > 0);
    assert.ok(data);
    const { seq, ack, window, length } = data;
    assert.equal(packetTexts(data)[0], `PSH,ACK seq ${seq}:${seq + length} ack ${ack} win ${window} len ${length}`);
    assert.equal(packetTexts(data).at(-1), `${seq}:${seq + length}`);
    assert.match(
      packetSentence(data, model.lifelines),
      /^client to server: PSH,ACK, seq \d+, ack \d+, window \d+, 4 bytes/,
    );
  });
});
