/**
 * The renderer in a bare page of headless Chromium, under the variables of a VS Code theme: what a webview of an output
 * is to it, without the editor around. Bundled from source, so that a test sees what was just written.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { type Browser, type Locator, type Page, chromium as playwright } from 'playwright-core';
import { chromium, ROOT } from '../host/install.mjs';
import { THEMES, type ThemeName } from './themes.ts';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

/** The renderer as one ES module. */
export async function bundle(options: BuildOptions = {}): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['webview/lab.ts'],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
    ...options,
  });
  return outputFiles?.[0]?.text ?? '';
}

export const launch = (): Promise<Browser> =>
  playwright.launch({ executablePath: chromium(), headless: true, args: FLAGS });

export interface LabPage {
  page: Page;
  /** The lab view of output `id`. */
  lab(id?: string): Locator;
  /** Hands an output item to the renderer, as VS Code does. */
  render(payload: Uint8Array, id?: string): Promise<void>;
  dispose(id?: string): Promise<void>;
  /** Saves a picture under .build/screenshots and gives its path. */
  picture(name: string): Promise<string>;
  /** What went wrong in the page. */
  errors: string[];
}

export interface PageOptions {
  theme?: ThemeName;
  width?: number;
  /** 2 is a zoom of 200 %: the same window holds half as many pixels. */
  zoom?: number;
  stillness?: boolean;
}

/** A page that holds the renderer, activated, with one output element per id. */
export async function openLab(browser: Browser, script: string, options: PageOptions = {}): Promise<LabPage> {
  const { theme = 'dark', width = 1280, zoom = 1, stillness = false } = options;
  const page = await browser.newPage({
    viewport: { width: Math.round(width / zoom), height: Math.round(1100 / zoom) },
    deviceScaleFactor: zoom,
    reducedMotion: stillness ? 'reduce' : 'no-preference',
  });
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error.stack ?? error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith('data:') && !request.url().startsWith('blob:'))
      errors.push(`fetches ${request.url()}`);
  });
  const { class: name, variables } = THEMES[theme];
  const declared = Object.entries(variables).map(([key, value]) => `--vscode-${key}: ${value};`);
  await page.setContent(
    `<!doctype html><html lang="en" style='${declared.join(' ')}'><head><title>Output</title></head>
     <body class="${name}" style="margin:0;padding:8px;background:var(--vscode-editor-background);color:var(--vscode-editor-foreground);font-family:var(--vscode-font-family);font-size:13px"><main></main></body></html>`,
  );
  // The loader of the tests wraps named functions in a helper, also those that are sent to the page.
  await page.evaluate('globalThis.__name = (f) => f');
  await page.evaluate(async (source) => {
    const { activate } = await import(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
    let state: unknown;
    Object.assign(globalThis, {
      renderer: activate({ getState: () => state, setState: (value: unknown) => (state = structuredClone(value)) }),
    });
  }, script);
  return {
    page,
    errors,
    lab: (id = 'one') => page.locator(`#${id} socknb-lab`),
    async render(payload, id = 'one') {
      await page.evaluate(
        async ([base64, key]) => {
          const bytes = Uint8Array.from(atob(base64), (ch) => ch.charCodeAt(0));
          let element = document.getElementById(key);
          if (!element) {
            element = document.createElement('div');
            element.id = key;
            document.querySelector('main')?.append(element);
          }
          const item = { id: key, mime: 'application/vnd.socknb.run', data: () => bytes };
          await (globalThis as never as { renderer: Renderer }).renderer.renderOutputItem(
            item,
            element,
            new AbortController().signal,
          );
        },
        [Buffer.from(payload).toString('base64'), id] as const,
      );
      await settle(page);
    },
    async dispose(id) {
      await page.evaluate((key) => (globalThis as never as { renderer: Renderer }).renderer.disposeOutputItem(key), id);
    },
    async picture(name) {
      await settle(page);
      const folder = join(ROOT, '.build/screenshots');
      mkdirSync(folder, { recursive: true });
      const path = join(folder, `${name}.png`);
      await page.screenshot({ path, fullPage: true });
      return path;
    },
  };
}

interface Renderer {
  renderOutputItem(item: unknown, element: HTMLElement, signal: AbortSignal): unknown;
  disposeOutputItem(id?: string): void;
}

/** Waits until the pictures of the last change are drawn: observers, lit's updates, a frame. */
export const settle = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    for (let i = 0; i < 4; i++) await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
  });
