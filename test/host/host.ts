/**
 * A real VS Code for a test: the served workbench with the packaged extension, in headless Chromium, on a scratch copy
 * of some notebooks. Every wait is bounded and says what it waited for; closing ends exactly what was started here.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type FrameLocator, type Page, chromium as playwright } from 'playwright-core';
import { chromium, ROOT, step } from './install.mjs';
import { packageVsix } from './package.mjs';
import { serve, workbenchUrl } from './serve.mjs';

/** Chromium without sandbox (tests run as root in containers) and without any traffic of its own. */
const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** The longest wait for anything that the workbench does, in milliseconds; a busy machine is slow, not wrong. */
export const PATIENCE = 60_000;

export type HostOptions = {
  /** The packaged extension; by default this clone's own, packed if its inputs changed; none with `false`. */
  readonly vsix?: string | false;
  /** Notebook files or folders whose content is copied into the scratch folder. */
  readonly copy?: readonly string[];
  /** A file of the scratch folder, by name, to show at the start. */
  readonly open?: string;
  /** User settings on top of the quiet ones of serve.mjs, for example the colour theme. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Size of the window. */
  readonly viewport?: { readonly width: number; readonly height: number };
};

export type Host = {
  readonly page: Page;
  /** The address of the workbench with the scratch folder open. */
  readonly url: string;
  /** The scratch folder: a test may write here. */
  readonly folder: string;
  /** What the page wrote to the console as errors, and uncaught exceptions, in order. */
  readonly errors: readonly string[];
  /** Opens a file of the scratch folder by loading the workbench anew with it. */
  show(file: string): Promise<void>;
  close(): Promise<void>;
};

/** Starts VS Code with the extension on a scratch copy of notebooks, and waits until its workbench stands. */
export async function openHost(options: HostOptions = {}): Promise<Host> {
  const scratch = mkdtempSync(join(tmpdir(), 'socket-notebooks-'));
  const folder = join(scratch, 'notebooks');
  mkdirSync(folder);
  for (const path of options.copy ?? [])
    cpSync(path, statSync(path).isDirectory() ? folder : join(folder, basename(path)), { recursive: true });

  const undo: (() => unknown)[] = [() => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 })];
  const close = async () => {
    for (const back of undo.splice(0).reverse()) await back();
  };
  try {
    const vsix = options.vsix === false ? undefined : (options.vsix ?? (await packageVsix()));
    const served = await step('  VS Code: extension installed, server up', () =>
      serve({
        home: join(scratch, 'host'),
        folder,
        ...(vsix && { vsix }),
        ...(options.open && { file: join(folder, options.open) }),
        ...(options.settings && { settings: options.settings }),
      }),
    );
    undo.push(() => served.close());
    const browser = await playwright.launch({ executablePath: chromium(), args: CHROMIUM_FLAGS });
    undo.push(() => browser.close());
    const page = await browser.newPage({ viewport: options.viewport ?? { width: 1400, height: 1000 } });
    page.setDefaultTimeout(PATIENCE);
    const errors: string[] = [];
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(String(error)));
    const go = async (url: string) => {
      await page.goto(url);
      await page.locator('.monaco-workbench .part.statusbar').waitFor();
    };
    await step('  VS Code: workbench up in Chromium', () => go(served.url));
    return {
      page,
      url: served.url,
      folder,
      errors,
      show: (file) => go(workbenchUrl(served.port, folder, join(folder, file))),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Runs a command by its exact name in the command palette, as `Notebook: Run All`. Whatever takes the focus closes the
 * palette, for example an editor that is just opening; then it is asked again.
 * @throws when no command has this name.
 */
export async function command(page: Page, name: string): Promise<void> {
  const palette = page.locator('.quick-input-widget');
  const input = palette.locator('.quick-input-box input');
  const label = palette.locator('.monaco-list-row .label-name').filter({ hasText: new RegExp(`^${literally(name)}$`) });
  const chosen = async () => {
    await page.keyboard.press('Control+Shift+P');
    await input.waitFor({ timeout: 5_000 });
    await input.fill(`>${name}`, { timeout: 5_000 });
    await label.first().click({ timeout: 5_000 });
    await page.mouse.move(1, 1); // no tooltip of what lies under the palette
    return true;
  };
  await until(`the command palette offers "${name}"`, async () => {
    if (await chosen().catch(() => false)) return true;
    await page.keyboard.press('Escape');
    return false;
  });
}

/** A regular expression that matches this text and nothing else. */
const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The frame in which a notebook's outputs are drawn. */
export function lab(page: Page): FrameLocator {
  return page.frameLocator('iframe.webview.ready').frameLocator('#active-frame');
}

/** Saves what the page shows as `.build/screenshots/NAME.png` and returns the path. */
export async function screenshot(page: Page, name: string): Promise<string> {
  const path = join(ROOT, '.build/screenshots', `${name}.png`);
  await page.screenshot({ path });
  return path;
}

/** Polls until `probe` gives something other than undefined or false. @throws naming `what` after {@link PATIENCE}. */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  for (const deadline = Date.now() + PATIENCE; ; await new Promise((done) => setTimeout(done, 50))) {
    const got = await probe();
    if (got !== undefined && got !== false) return got;
    if (Date.now() > deadline) throw new Error(`waited ${PATIENCE / 1000} s in vain until ${what}`);
  }
}

/** The text of a file in the scratch folder, as the disk has it now. */
export const onDisk = (host: Host, file: string): string => readFileSync(join(host.folder, file), 'utf8');
