/** The first lesson in a real VS Code, from the first run to the pictures, in each kind of theme. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from '../../src/format/parse.ts';
import { command, type Host, onDisk, openHost, screenshot, until } from './host.ts';
import { Notebook } from './notebook.ts';

const root = join(import.meta.dirname, '../..');
const LESSON = '04-lifecycle.socknb';
const THEMES = {
  dark: { name: 'Dark Modern', sign: '.monaco-workbench.vs-dark' },
  light: { name: 'Light Modern', sign: '.monaco-workbench.vs' },
  contrast: { name: 'Dark High Contrast', sign: '.monaco-workbench.hc-black' },
} as const;
/** Settings that keep VS Code's own words out of the pictures. */
const QUIET = { 'remote.autoForwardPorts': false };

const parsed = parse(readFileSync(join(root, 'notebooks', LESSON), 'utf8'));
const cells = parsed.ok ? parsed.notebook.cells : [];
const place = (label: string) => cells.findIndex(({ options }) => options.label === label);

describe('the lesson in VS Code', () => {
  let host: Host;
  let notebook: Notebook;
  /** The drawn output of a cell. */
  const drawn = (label: string) =>
    notebook.outputs
      .locator('socknb-lab')
      .filter({ has: host.page.locator('h3', { hasText: new RegExp(`^${label}$`) }) });
  const lit = (label: string, state: string) =>
    drawn(label).locator(`socknb-states g.node.here[data-state="${state}"]`);

  /** Moves the slider of a cell to the first instant at which an end is in that state. */
  async function scrubTo(label: string, state: string): Promise<void> {
    const slider = drawn(label).getByRole('slider', { name: 'Time' });
    await slider.press('Home');
    await until(`${state} is lit`, async () => {
      await slider.press('ArrowRight');
      return (await lit(label, state).count()) > 0;
    });
  }

  before(async () => {
    host = await openHost({
      copy: [join(root, 'notebooks', LESSON)],
      open: LESSON,
      settings: { ...QUIET, 'workbench.colorTheme': `Default ${THEMES.dark.name}` },
      viewport: { width: 1280, height: 1000 },
    });
    notebook = new Notebook(host);
    await notebook.ready();
    await host.page.keyboard.press('Control+B'); // the side bar goes: all the width for the lesson
  });
  after(() => host?.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await screenshot(host.page, `failed ${this.currentTest.title}`);
  });

  it('runs all its cells', async () => {
    const code = cells.filter(({ kind }) => kind === 'code').length;
    await notebook.button('Run All').click();
    await notebook.goTo('What to take away');
    await notebook.reaches(place('pong-check'), 'ok');
    assert.equal(await notebook.order(place('pong-check')), `[${code}]`);
    await notebook.cell(place('pong-check')).getByText('4 of 4 checks pass').waitFor();
    assert.equal(await notebook.dirty(), false);
  });

  it('folds the solution of its exercise', async () => {
    await notebook.goTo('Your turn');
    await notebook.scrollTo(place('pong-solution'));
    await notebook.cell(place('pong-solution')).locator('.input-collapse-container').waitFor();
    await screenshot(host.page, 'folded');
  });

  it('draws the states of both ends, at the end of a cell and at its start', async () => {
    await notebook.goTo('Closing is done twice');
    await until('TIME-WAIT is lit', async () => (await lit('close', 'TIME-WAIT').count()) === 1);
    assert.equal((await lit('close', 'TIME-WAIT').textContent())?.trim(), 'TIME-WAIT');
    const slider = drawn('close').getByRole('slider', { name: 'Time' });
    await slider.press('Home');
    await until('ESTABLISHED is lit', async () => (await lit('close', 'ESTABLISHED').count()) === 1);
    assert.equal((await lit('close', 'ESTABLISHED').textContent())?.trim(), 'ESTABLISHED');
    assert.equal(await lit('close', 'TIME-WAIT').count(), 0);
  });

  it('scrubs through the life of a connection with the keyboard', async () => {
    await notebook.goTo('The whole life in one picture');
    const slider = drawn('whole-life').getByRole('slider', { name: 'Time' });
    const at = async (step: number) => (await slider.getAttribute('aria-valuenow')) === `${step}`;
    const steps = Number(await slider.getAttribute('aria-valuemax'));
    assert.ok(steps > 10, `${steps} steps`);
    await slider.focus();
    await slider.press('Home');
    await until('the slider is at the start', () => at(0));
    const seen = new Set<string | null>();
    for (let step = 1; step <= steps; step++) {
      await slider.press('ArrowRight');
      await until(`the slider is at step ${step}`, () => at(step));
      const here = drawn('whole-life').locator('socknb-states g.node.here');
      for (const state of await here.evaluateAll((all) => all.map((each) => each.getAttribute('data-state'))))
        seen.add(state);
    }
    for (const state of [
      'SYN-SENT',
      'SYN-RECEIVED',
      'ESTABLISHED',
      'FIN-WAIT-1',
      'CLOSE-WAIT',
      'LAST-ACK',
      'TIME-WAIT',
    ]) {
      assert.ok(seen.has(state), `${state} was lit; seen: ${[...seen].join(' ')}`);
    }
  });

  for (const [kind, { name, sign }] of Object.entries(THEMES)) {
    it(`shows its pictures in a ${kind} theme`, async () => {
      await host.page.setViewportSize({ width: 1280, height: 1200 });
      await setTheme(host, name);
      await host.page.locator(sign).waitFor();
      await notebook.goTo('The whole life in one picture');
      await scrubTo('whole-life', 'FIN-WAIT-1');
      const head = drawn('whole-life').locator('h3');
      await until('the picture is at the top of the window', async () => {
        const box = await head.boundingBox();
        if (box && box.y < 200) return true;
        await notebook.scroll(400);
        return false;
      });
      const path = await screenshot(host.page, `lesson-${kind}`);
      if (kind === 'dark' && process.env.SCREENSHOT_README) copyFileSync(path, join(root, 'media/screenshot.png'));
    });
  }

  it('is the same file after all of this, and nothing of ours complained', () => {
    assert.deepEqual(
      host.errors.filter((error) => /socknb|lab\.js|lab-view/.test(error)),
      [],
    );
    assert.equal(onDisk(host, LESSON), readFileSync(join(root, 'notebooks', LESSON), 'utf8'));
  });
});

/** Chooses a colour theme as a reader does. */
async function setTheme({ page }: Host, name: string): Promise<void> {
  await command(page, 'Preferences: Color Theme');
  await page.locator('.quick-input-box input').fill(name);
  await page.locator('.quick-input-widget .monaco-list-row').filter({ hasText: name }).first().click();
}
