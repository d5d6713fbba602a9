/** Every view of a cell's window says what it says of the whole log: nothing that a picture needs was left out. */
import assert from 'node:assert/strict';
import { ms } from '../../src/sim/base/time.ts';
import type { Log } from '../../src/sim/trace/log.ts';
import { Keeper } from '../../src/sim/trace/slice.ts';
import { VIEW_IDS, VIEWS } from '../../src/views/text.ts';
import { instants } from '../../src/views/timeline.ts';
import type { View } from '../../src/views/view.ts';
import { type Cell, listening, run } from './scenario.ts';

const FD = 3;
const open: Cell = async ({ client }) => {
  await client.socket(2, 1);
  await client.connect(FD, { addr: '10.0.0.2', port: 8080 });
};
const write: Cell = async ({ client }) => client.write(FD, 'x'.repeat(5000));
const pause: Cell = async ({ client }) => client.sleep(ms(15));
const read: Cell = async ({ client }) => client.read(FD, new Uint8Array(3000));
const close: Cell = async ({ client }) => client.close(FD);

async function same(log: Log): Promise<void> {
  const keeper = new Keeper(log);
  const starts = [...log.of('cell.begin')].map((event) => log.indexOf(event.n));
  for (const [k, from] of starts.entries()) {
    const until = starts[k + 1] ?? log.length;
    const window = keeper.window(from);
    const begin = window.indexOf(log.numberAt(from));
    for (const cursor of instants(log, { from }).slice(1)) {
      if (cursor > until) break;
      for (const id of VIEW_IDS) {
        const view: View<unknown> = VIEWS[id];
        const whole = view.text(view.model(log, cursor, { from }));
        const cut = view.text(view.model(window, cursor - from + begin, { from: begin }));
        assert.equal(cut, whole, `${id} of cell ${k + 1} after event ${cursor}`);
      }
    }
  }
}

describe('the views of a window', () => {
  it('say what they say of the whole log, cell by cell', async () => {
    await same(await run([listening, open, write, pause, read, pause, close]));
  });

  it('say it with loss too', async () => {
    await same(await run([listening, open, write, write, pause, write, pause, read, pause, close], { loss: 0.2 }, 3));
  });
});
