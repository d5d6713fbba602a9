/**
 * The renderer in real Chromium: what it draws is compared with the models, it is driven by keyboard and mouse, handed
 * bad payloads, and searched for barriers by axe in every theme. The editor around it has tests of its own.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser } from 'playwright-core';
import { encode } from '../../src/sim/trace/codec.ts';
import { Log } from '../../src/sim/trace/log.ts';
import { buffers } from '../../src/views/buffers.ts';
import { encodePayload } from '../../src/views/payload.ts';
import { sequence } from '../../src/views/sequence.ts';
import { states } from '../../src/views/states.ts';
import { timeline } from '../../src/views/timeline.ts';
import { bundle, type LabPage, launch, openLab, type PageOptions, settle } from '../webview/harness.ts';
import type { Sample } from '../webview/samples.ts';
import * as samples from '../webview/samples.ts';
import { THEMES, type ThemeName } from '../webview/themes.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describe('the renderer', () => {
  let browser: Browser;
  let script: string;
  const open: LabPage[] = [];
  const made = new Map<string, Sample>();

  before(async () => {
    [browser, script] = await Promise.all([launch(), bundle()]);
    for (const [name, make] of Object.entries(samples.SAMPLES)) made.set(name, await make());
  });
  after(() => browser?.close());
  afterEach(async () => {
    for (const lab of open.splice(0)) {
      assert.deepEqual(lab.errors, [], 'the page reported no error');
      await lab.page.close();
    }
  });

  const sample = (name: string): Sample => made.get(name) as Sample;
  const show = async (name: string, options: PageOptions = {}): Promise<LabPage> => {
    const lab = await openLab(browser, script, options);
    open.push(lab);
    await lab.render(sample(name).payload);
    return lab;
  };
  const slider = (lab: LabPage, id = 'one') => lab.lab(id).getByRole('slider');
  const press = async (lab: LabPage, ...keys: string[]) => {
    await slider(lab).focus();
    for (const key of keys) {
      await lab.page.keyboard.press(key);
      await settle(lab.page);
    }
  };
  const valueNow = async (lab: LabPage, id = 'one') => Number(await slider(lab, id).getAttribute('aria-valuenow'));
  /** Walks the cursor to an instant, by index. */
  const goTo = async (lab: LabPage, index: number) => {
    await press(lab, 'Home');
    await slider(lab).focus();
    for (let i = 0; i < index; i++) await lab.page.keyboard.press('ArrowRight');
    await settle(lab.page);
    assert.equal(await valueNow(lab), index);
  };
  const instantsOf = ({ log }: Sample) => timeline.model(log, log.length).instants;

  describe('draws what the models say', () => {
    it('packets of the sequence, past ones with their words, future ones without', async () => {
      const lab = await show('wholeLife');
      const { log } = sample('wholeLife');
      const instants = instantsOf(sample('wholeLife'));
      for (const index of [0, Math.floor(instants.length / 2), instants.length - 1]) {
        await goTo(lab, index);
        const model = sequence.model(log, instants[index] as number);
        const drawn = await lab
          .lab()
          .locator('socknb-sequence .arrow')
          .evaluateAll((all) =>
            all.map((arrow) => ({
              n: Number(arrow.getAttribute('data-n')),
              future: arrow.classList.contains('future'),
              landed: arrow.querySelector('.head') !== null,
              words: arrow.querySelector('text')?.textContent ?? '',
            })),
          );
        assert.ok(drawn.length > 0);
        for (const { n, future, landed, words } of drawn) {
          const arrow = model.arrows.find((each) => each.n === n);
          assert.ok(arrow, `packet ${n}`);
          assert.equal(future, arrow.sent.n > model.now.n);
          assert.equal(landed, arrow.end !== null && arrow.end.n <= model.now.n);
          if (future) assert.equal(words, '');
          else assert.ok(words.includes(`${arrow.seq}`) || words.includes(`${arrow.ack}`), words);
        }
      }
    });

    it('dropped packets with a cross and the reason, retransmissions marked', async () => {
      const lab = await show('losses');
      const dropped = sequence.model(sample('losses').log, sample('losses').log.length).arrows;
      await press(lab, 'Home', 'PageUp', 'PageUp', 'PageUp', 'PageUp', 'PageUp');
      const seen = lab.lab().locator('socknb-sequence .arrow.dropped .cross');
      assert.ok((await seen.count()) > 0);
      const reason = dropped.find((arrow) => arrow.fate === 'dropped')?.reason as string;
      assert.ok((await lab.lab().locator('socknb-sequence').getByText(reason).count()) > 0);
      await press(lab, 'End');
      assert.ok((await lab.lab().locator('socknb-sequence .arrow.again').getByText('↻').count()) > 0);
    });

    it('the state of both ends, all along a close', async () => {
      const lab = await show('laterClose');
      const { log } = sample('laterClose');
      const instants = instantsOf(sample('laterClose'));
      for (const [index, at] of instants.entries()) {
        if (index % 3 !== 0) continue;
        await goTo(lab, index);
        const model = states.model(log, at);
        const here = await lab
          .lab()
          .locator('socknb-states .node.here')
          .evaluateAll((all) => all.map((node) => node.getAttribute('data-state')).sort());
        // The listener has no part in the close: it is not drawn.
        const paths = model.connections.flatMap(({ paths }) => paths);
        const expected = new Set(paths.filter((path) => !path.gone).map((path) => path.current));
        assert.deepEqual(here, [...expected].sort(), `at ${at}`);
      }
    });

    for (const name of ['fewBytes', 'losses', 'fullBuffer']) {
      it(`the stretches and numbers of the buffers: ${name}`, async () => {
        const lab = await show(name);
        const { log } = sample(name);
        const instants = instantsOf(sample(name));
        for (const share of [0.2, 0.5, 0.8, 1]) {
          const index = Math.floor((instants.length - 1) * share);
          await goTo(lab, index);
          const at = instants[index] as number;
          const [connection] = buffers.model(log, at).connections;
          const sender = connection?.ends.find(({ end }) => end.side === 0);
          const receiver = connection?.ends.find(({ end }) => end.side === 1);
          const band = lab.lab().locator('socknb-buffers .band.a').first();
          const drawn = await band
            .locator('.seg')
            .evaluateAll((all) =>
              all.map((seg) => ['kind', 'from', 'to'].map((key) => seg.getAttribute(`data-${key}`)).join(' ')),
            );
          const all = [...(sender?.send?.segments ?? []), ...(receiver?.receive?.segments ?? [])];
          const expected = all.map(({ kind, from, to }) => `${kind} ${from} ${to}`);
          // Too narrow to be seen is not drawn; nothing else is left out, nothing is added.
          for (const each of drawn) assert.ok(expected.includes(each), `${each} at ${at}`);
          assert.ok(drawn.length >= expected.length - 3);
          const words = ((await band.locator('.pointer').allTextContents()) ?? []).join(' ').replaceAll(',', '');
          for (const value of [sender?.send?.una, sender?.send?.nxt, receiver?.receive?.nxt, receiver?.receive?.edge]) {
            assert.ok(words.includes(String(value)), `${value} in "${words}" at ${at}`);
          }
        }
      });
    }
  });

  describe('the slider', () => {
    it('moves by the keys, tells its value in words, and ends at its ends', async () => {
      const lab = await show('wholeLife');
      const last = instantsOf(sample('wholeLife')).length - 1;
      assert.equal(await valueNow(lab), last, 'a run is shown from its end');
      await press(lab, 'ArrowLeft', 'ArrowLeft');
      assert.equal(await valueNow(lab), last - 2);
      await press(lab, 'ArrowRight');
      assert.equal(await valueNow(lab), last - 1);
      await press(lab, 'Home');
      assert.equal(await valueNow(lab), 0);
      await press(lab, 'PageUp');
      assert.match((await slider(lab).getAttribute('aria-valuetext')) ?? '', /^[\d.]+( \ws?)?: \S/);
      const notable = await valueNow(lab);
      assert.ok(notable > 0);
      await press(lab, 'End');
      assert.equal(await valueNow(lab), last);
    });

    it('follows the mouse', async () => {
      const lab = await show('wholeLife');
      const box = await slider(lab).boundingBox();
      assert.ok(box);
      await lab.page.mouse.click(box.x + box.width / 2, box.y + 14);
      await settle(lab.page);
      const middle = await valueNow(lab);
      await lab.page.mouse.move(box.x + box.width / 2, box.y + 14);
      await lab.page.mouse.down();
      await lab.page.mouse.move(box.x + 4, box.y + 14, { steps: 4 });
      await lab.page.mouse.up();
      await settle(lab.page);
      assert.ok(middle > 0);
      assert.equal(await valueNow(lab), 0);
    });

    it('is played, and stops at the end', async () => {
      const lab = await show('refused');
      await press(lab, 'Home');
      await lab.lab().getByRole('button', { name: 'Play' }).click();
      await lab.page.waitForFunction(
        () => {
          const slider = document
            .querySelector('socknb-lab')
            ?.shadowRoot?.querySelector('socknb-scrubber')
            ?.shadowRoot?.querySelector('[role=slider]');
          return slider?.getAttribute('aria-valuenow') === slider?.getAttribute('aria-valuemax');
        },
        undefined,
        { timeout: 30_000 },
      );
      await lab.lab().getByRole('button', { name: 'Play' }).waitFor();
    });
  });

  it('turns pages instead of moving where motion is not wanted', async () => {
    const lab = await show('refused', { stillness: true });
    await press(lab, 'Home');
    const { marks, instants } = timeline.model(sample('refused').log, sample('refused').log.length);
    const pages = new Set(marks.map(({ at }) => instants.findLastIndex((instant) => instant <= at)));
    await lab.lab().getByRole('button', { name: 'Play' }).click();
    const seen = new Set<number>();
    while ((await lab.lab().getByRole('button', { name: 'Pause' }).count()) > 0) seen.add(await valueNow(lab));
    for (const each of seen)
      assert.ok(pages.has(each) || each === 0 || each === instants.length - 1, `stopped at ${each}`);
  });

  describe('"why?"', () => {
    it('is answered for a clicked packet, down to the line of the cell, and its links move the cursor', async () => {
      const lab = await show('wholeLife');
      await press(lab, 'Home');
      for (let i = 0; i < 3; i++) await press(lab, 'PageUp');
      const packet = lab.lab().locator('socknb-sequence .arrow:not(.future)').first();
      await packet.locator('.hit').click({ force: true });
      await settle(lab.page);
      const chain = lab.lab().locator('.why');
      assert.match((await chain.locator('button').first().textContent()) ?? '', /client sent SYN/);
      assert.match((await chain.textContent()) ?? '', /cell “sample”, line 1/);
      const before = await valueNow(lab);
      await chain.locator('button').last().click();
      await settle(lab.page);
      assert.ok((await valueNow(lab)) < before);
    });

    it('can be asked with the keyboard alone', async () => {
      const lab = await show('refused');
      const first = lab.lab().locator(`socknb-sequence .mark[tabindex='0']`);
      assert.equal(await first.count(), 1, 'a pane is one stop of the Tab key');
      await first.focus();
      await lab.page.keyboard.press('ArrowDown');
      await lab.page.keyboard.press('Enter');
      await settle(lab.page);
      const asked = await lab.page.evaluate(() => {
        let focus: Element | null | undefined = document.activeElement;
        while (focus?.shadowRoot?.activeElement) focus = focus.shadowRoot.activeElement;
        return focus?.getAttribute('data-n');
      });
      const chosen = await lab.lab().evaluate((view) => (view as never as { chosen: number }).chosen);
      assert.equal(String(chosen), asked);
    });
  });

  describe('panes', () => {
    it('are added and removed by the reader', async () => {
      const lab = await show('wholeLife');
      const chip = lab.lab().getByRole('button', { name: 'States', exact: true });
      assert.equal(await chip.getAttribute('aria-pressed'), 'true');
      await chip.click();
      await settle(lab.page);
      assert.equal(await lab.lab().locator('socknb-states').count(), 0);
      await lab.lab().getByRole('button', { name: 'System calls', exact: true }).click();
      await settle(lab.page);
      assert.ok((await lab.lab().locator('socknb-strace').getByText('connect(3, {sa_family=AF_INET').count()) > 0);
    });

    it('that a kernel cannot feed, or that nobody knows, say so', async () => {
      const lab = await show('barely');
      for (const words of [
        /The real kernel does not tell what its buffers hold\./,
        /no view called “hologram”/,
        /No packet was sent/,
      ])
        assert.equal(await lab.lab().getByText(words).count(), 1, String(words));
      assert.equal(await lab.lab().locator('socknb-buffers').count(), 0);
    });
  });

  describe('outputs', () => {
    const garbage = Uint8Array.from({ length: 200 }, (_, i) => i);

    it('of something else or of another version say so instead of drawing', async () => {
      const lab = await openLab(browser, script);
      open.push(lab);
      await lab.render(garbage);
      assert.match((await lab.page.locator('#one').textContent()) ?? '', /cannot be drawn: not a recorded run/);
      const other = sample('refused').payload.slice();
      other[4] = 9;
      await lab.render(other);
      assert.match((await lab.page.locator('#one').textContent()) ?? '', /another version/);
      await lab.render(sample('refused').payload);
      assert.equal(await lab.lab().count(), 1);
      assert.equal(await lab.page.locator('#one [role=note]').count(), 0);
    });

    it('that are damaged inside are drawn as far as they can be, or refused; nothing breaks', async () => {
      const lab = await openLab(browser, script);
      open.push(lab);
      let seed = 1;
      const random = (below: number) => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % below;
      let drawn = 0;
      for (let i = 0; i < 40; i++) {
        const bytes = sample(i % 2 ? 'wholeLife' : 'losses').payload.slice();
        for (let k = 0; k < 3; k++) bytes[200 + random(bytes.length - 200)] = random(256);
        await lab.render(bytes);
        drawn += await lab.lab().count();
        assert.notEqual(((await lab.page.locator('#one').innerHTML()) ?? '').length, 0);
      }
      assert.ok(drawn > 0, 'some damage lies where it does not matter');
    });

    it('are replaced without a dispose, and keep the place of the reader', async () => {
      const lab = await show('wholeLife');
      await press(lab, 'Home', 'PageUp', 'PageUp');
      const at = await valueNow(lab);
      await lab.render(sample('wholeLife').payload);
      assert.equal(await lab.page.locator('#one > *').count(), 1);
      assert.equal(await valueNow(lab), at);
      await lab.dispose('one');
      assert.equal(await lab.page.locator('#one > *').count(), 0);
      await lab.render(sample('wholeLife').payload);
      assert.equal(await valueNow(lab), at, 'remembered by the renderer');
    });

    it('stand side by side and are disposed one by one or all at once', async () => {
      const lab = await show('wholeLife');
      await lab.render(sample('refused').payload, 'two');
      await press(lab, 'Home');
      assert.ok((await valueNow(lab, 'two')) > 0, 'each has its own cursor');
      await lab.dispose('one');
      assert.equal(await lab.lab('one').count(), 0);
      assert.equal(await lab.lab('two').count(), 1);
      await lab.dispose();
      assert.equal(await lab.lab('two').count(), 0);
    });

    it('never become HTML', async () => {
      const evil = '<img src=x onerror="document.title=1"><b>bold</b>';
      const log = new Log();
      log.add('host.up', { host: 0 }, { name: evil, address: evil, address6: evil, kernel: evil });
      log.add('host.up', { host: 1 }, { name: evil, address: evil, address6: evil, kernel: evil });
      log.add('task.start', { host: 0, task: 1 }, { pid: 1, name: evil });
      log.add('cell.begin', {}, { cell: evil, index: 0 });
      const enter = log.add(
        'call.enter',
        { host: 0, task: 1 },
        { pid: 1, call: evil, fd: 0, args: '[]', data: new Uint8Array(), cell: evil, line: 1, column: 1 },
      );
      log.add(
        'call.exit',
        { host: 0, task: 1 },
        { enter, call: evil, result: 0, errno: 0, out: '[]', data: new Uint8Array() },
      );
      log.add('timer.fire', { host: 0 }, { timer: evil });
      log.add('cell.end', {}, { cell: evil, ok: 1 });
      const views = ['sequence', 'states', 'buffers', 'strace', evil];
      const absent = [{ view: evil, reason: evil }];
      const lab = await openLab(browser, script);
      open.push(lab);
      await lab.render(encodePayload({ views, cell: evil, title: evil, kernel: 'simulator', absent }, encode(log)));
      const inside = await lab.page.evaluate(() => {
        const found: string[] = [];
        const search = (root: ParentNode) => {
          for (const element of root.querySelectorAll('*')) {
            if (element.tagName === 'IMG' || (element.tagName === 'B' && element.textContent === 'bold'))
              found.push(element.outerHTML);
            if (element.shadowRoot) search(element.shadowRoot);
          }
        };
        search(document);
        return {
          found,
          title: document.title,
          text: document.querySelector('socknb-lab')?.shadowRoot?.textContent ?? '',
        };
      });
      assert.deepEqual(inside.found, []);
      assert.equal(inside.title, 'Output');
      assert.ok(inside.text.includes(evil), 'told as text');
    });
  });

  describe('is open to everybody:', () => {
    for (const theme of Object.keys(THEMES) as ThemeName[]) {
      it(`axe finds nothing serious, ${theme}`, async () => {
        for (const name of theme === 'dark' ? ['wholeLife', 'losses', 'fewBytes', 'barely'] : ['wholeLife']) {
          const lab = await show(name, { theme });
          await lab.page.evaluate(AXE);
          const found = await lab.page.evaluate(async () => {
            type Axe = { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
            const { violations } = await (globalThis as never as { axe: Axe }).axe.run();
            return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0]?.html.slice(0, 160)}`);
          });
          assert.deepEqual(
            found.filter((each) => /^(serious|critical)/.test(each)),
            [],
            name,
          );
          await lab.picture(`lab-${name}-${theme}`);
        }
      });
    }

    it('each picture is described by the words of its view', async () => {
      const lab = await show('wholeLife');
      const said = lab.lab().locator('socknb-sequence .said');
      await lab.page.waitForTimeout(600);
      const { log } = sample('wholeLife');
      assert.equal(await said.textContent(), sequence.text(sequence.model(log, log.length)));
      const picture = lab.lab().locator('socknb-sequence svg[role]');
      assert.equal(await picture.getAttribute('aria-describedby'), await said.getAttribute('id'));
    });

    for (const [width, zoom] of [
      [1280, 1],
      [700, 1],
      [600, 1],
      [1280, 2],
    ] as const) {
      it(`nothing is wider than the output: ${width} pixels at ${zoom * 100} %`, async () => {
        for (const name of ['wholeLife', 'losses', 'fewBytes']) {
          const lab = await show(name, { width, zoom, theme: 'light' });
          const over = await lab.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          assert.ok(over <= 0, `${name} is ${over} px too wide`);
          const columns = await lab
            .lab()
            .locator('.panes')
            .evaluate((panes) => getComputedStyle(panes).gridTemplateColumns.split(' ').length);
          if (width / zoom < 880) assert.equal(columns, 1, 'panes stack');
          await lab.picture(`lab-${name}-${width}-${zoom}x`);
        }
      });
    }

    it('the theme changes under it without a new drawing', async () => {
      const lab = await show('wholeLife');
      await lab.page.evaluate(() => document.body.classList.replace('vscode-dark', 'vscode-high-contrast'));
      await settle(lab.page);
      assert.equal(await lab.lab().getAttribute('theme'), 'contrast');
    });
  });
});
