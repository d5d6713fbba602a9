/**
 * A notebook in the served VS Code, as its reader sees and handles it: cells, outputs, kernel, status bar. Knows VS
 * Code's page; knows nothing of what a test wants to show.
 */
import type { FrameLocator, Locator, Page } from 'playwright-core';
import { type Host, lab, until } from './host.ts';

/** How a cell's last run ended, by the sign in its status bar. */
export type CellState = 'idle' | 'waiting' | 'running' | 'ok' | 'failed';

const SIGNS: Readonly<Record<Exclude<CellState, 'idle'>, string>> = {
  waiting: '.codicon-notebook-state-pending',
  running: '.codicon-notebook-state-executing',
  ok: '.codicon-notebook-state-success',
  failed: '.codicon-notebook-state-error',
};

export class Notebook {
  readonly page: Page;
  /** What the window shows of the notebook, apart from outputs. */
  readonly view: Locator;
  /** The frame of the outputs. */
  readonly outputs: FrameLocator;
  /** The session's clock in the status bar. */
  readonly clock: Locator;
  /** The button that names the kernel. */
  readonly kernel: Locator;
  readonly notifications: Locator;

  constructor(host: Host) {
    this.page = host.page;
    this.view = host.page.locator('.notebookOverlay:visible');
    this.outputs = lab(host.page);
    this.clock = host.page.locator('[id$="socknb.clock"]');
    this.kernel = this.view.locator('.kernel-action-view-item');
    this.notifications = host.page.locator('.notifications-toasts .notification-list-item');
  }

  /** Closes what is open and opens a file of the folder, without loading the workbench anew. */
  async open(file: string): Promise<void> {
    await this.closeAll();
    await this.pick(file);
  }

  /** Opens a file by name in whatever editor it gets. */
  async pick(file: string): Promise<void> {
    const input = this.page.locator('.quick-input-box input');
    await until(`${file} is the open editor`, async () => {
      await this.page.keyboard.press('Control+P');
      await input.fill(file, { timeout: 3_000 }).catch(() => {});
      const row = this.page.locator('.quick-input-widget .monaco-list-row').filter({ hasText: file }).first();
      const picked = await row.click({ timeout: 5_000 }).then(
        () => true,
        () => false,
      );
      if (picked) return true;
      await this.page.keyboard.press('Escape');
      return false;
    });
    await this.page.locator('.tab.active').filter({ hasText: file }).waitFor();
  }

  /** Waits until the notebook stands and a kernel of this name is chosen. */
  async ready(kernel = 'Simulator'): Promise<void> {
    await this.button('Run All').waitFor();
    await this.kernel.filter({ hasText: kernel }).waitFor();
  }

  /** Closes all editors; asks nothing, so everything must be saved. */
  async closeAll(): Promise<void> {
    await until('all editors are closed', async () => {
      if ((await this.page.locator('.tabs-container .tab').count()) === 0) return true;
      await this.page.keyboard.press('Escape');
      await this.page.keyboard.press('Control+K');
      await this.page.keyboard.press('Control+W');
      await this.page.waitForTimeout(300);
      return false;
    });
  }

  /** A button of the notebook's toolbar. */
  button(name: string): Locator {
    return this.view.locator('.notebook-toolbar-container').getByRole('button', { name }).first();
  }

  /** A cell by its place, prose included; 0 is the first. It must be in or near the window. */
  cell(index: number): Locator {
    return this.view.locator(`.cell-list-container .monaco-list-row[data-index="${index}"]`);
  }

  async state(index: number): Promise<CellState> {
    for (const [state, sign] of Object.entries(SIGNS)) {
      if ((await this.cell(index).locator(sign).count()) > 0) return state as CellState;
    }
    return 'idle';
  }

  /** Waits until a cell's run is in that state. */
  async reaches(index: number, wanted: CellState): Promise<void> {
    let last: CellState = 'idle';
    await until(`cell ${index} is ${wanted}`, async () => {
      last = await this.state(index);
      return last === wanted;
    }).catch((error) => {
      throw new Error(`${(error as Error).message}; it is ${last}`);
    });
  }

  /** The number left of a cell: `[3]`, or `[ ]` when it was not run in this world. */
  async order(index: number): Promise<string> {
    return (await this.cell(index).locator('.execution-count-label').innerText()).trim();
  }

  async run(index: number): Promise<void> {
    await this.cell(index).hover();
    await this.cell(index).locator('.run-button-container .codicon-notebook-execute').first().click();
  }

  /** Puts the cursor at the end of the line of a code cell that holds `text`. */
  async edit(index: number, text: string): Promise<void> {
    await this.cell(index).locator('.view-line').filter({ hasText: text }).first().click();
    await this.page.keyboard.press('End');
  }

  /** Saves the active editor. */
  async save(): Promise<void> {
    await this.page.keyboard.press('Control+S');
  }

  /** Whether the open notebook has changes that are not saved. */
  async dirty(): Promise<boolean> {
    return (await this.page.locator('.tab.active.dirty').count()) > 0;
  }

  /** Turns the mouse wheel over the cells. */
  async scroll(pixels: number): Promise<void> {
    const box = await this.view.boundingBox();
    if (box) await this.page.mouse.move(box.x + 20, box.y + box.height / 2);
    await this.page.mouse.wheel(0, pixels);
    await this.page.waitForTimeout(100);
  }

  /** Brings a heading into the window. */
  async goTo(heading: string): Promise<void> {
    const row = this.page.locator('.quick-input-widget .monaco-list-row').filter({ hasText: heading }).first();
    await until(`the heading "${heading}" is found`, async () => {
      await this.page.keyboard.press('Escape');
      await this.page.keyboard.press('Control+Shift+O');
      const input = this.page.locator('.quick-input-box input');
      const found = input.pressSequentially(heading, { timeout: 15_000 }).then(() => row.click({ timeout: 3_000 }));
      return await found.then(
        () => true,
        () => false,
      );
    });
  }

  /** Turns the mouse wheel until a cell is in or near the window. */
  async scrollTo(index: number): Promise<void> {
    await until(`cell ${index} is near the window`, async () => {
      if ((await this.cell(index).count()) > 0) return true;
      await this.scroll(800);
      return false;
    });
  }
}
