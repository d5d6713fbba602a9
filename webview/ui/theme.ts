/**
 * The look that all drawings share: a meaning has one colour everywhere, taken from the editor's theme, and a second
 * sign beside it. Grey by default; ink for what matters now.
 *
 * The editor marks its theme by classes on `body`, which styles inside a shadow root cannot see in every browser:
 * `followTheme` copies them to attributes of the element.
 */
import { css } from 'lit';

export type Theme = 'light' | 'dark' | 'contrast' | 'contrast-light';

/** The theme of the editor now. */
export function themeOf(body: { classList: { contains(name: string): boolean } }): Theme {
  const has = (name: string) => body.classList.contains(name);
  if (has('vscode-high-contrast-light')) return 'contrast-light';
  if (has('vscode-high-contrast')) return 'contrast';
  return has('vscode-light') ? 'light' : 'dark';
}

/** Whether pictures should stand still. */
export const prefersStillness = (): boolean =>
  document.body.classList.contains('vscode-reduce-motion') || matchMedia('(prefers-reduced-motion: reduce)').matches;

/** Keeps the attribute `theme` of an element true. @returns what ends it. */
export function followTheme(element: Element): () => void {
  const apply = () => element.setAttribute('theme', themeOf(document.body));
  const observer = new MutationObserver(apply);
  observer.observe(document.body, { attributes: true, attributeFilter: ['class'] });
  apply();
  return () => observer.disconnect();
}

/**
 * Names for what colours mean; set once at the root, inherited by every pane. Blue and yellow are told apart by every
 * kind of eye, and both are opaque in all default themes (the theme's orange is not).
 */
export const palette = css`
  :host {
    --ink: var(--vscode-editor-foreground, var(--vscode-foreground));
    --paper: var(--vscode-editor-background);
    --dim: var(--vscode-descriptionForeground, var(--ink));
    --rule: color-mix(in srgb, var(--ink) 22%, transparent);
    --hairline: color-mix(in srgb, var(--ink) 13%, transparent);
    --accent: var(--vscode-focusBorder);
    --now: var(--vscode-charts-green, var(--vscode-focusBorder));
    --a: var(--vscode-charts-blue);
    --b: var(--vscode-charts-yellow);
    --lost: var(--vscode-charts-red);
    --again: var(--vscode-charts-purple);
    /* Colours for words: mixed with the ink until they can be read in any theme. */
    --a-text: color-mix(in srgb, var(--a) 62%, var(--ink));
    --b-text: color-mix(in srgb, var(--b) 62%, var(--ink));
    --lost-text: color-mix(in srgb, var(--lost) 62%, var(--ink));
    --now-text: color-mix(in srgb, var(--now) 50%, var(--ink));
    /* How much of a colour fills an area, and how much is left of what is past. */
    --wash: 26%;
    --quiet: 58%;
    --mono: var(--vscode-editor-font-family, ui-monospace, monospace);
    --frame: var(--hairline);
    color: var(--ink);
    font-family: var(--vscode-font-family, system-ui, sans-serif);
    font-size: 12px;
    line-height: 1.45;
  }
  :host([theme^='contrast']) {
    --rule: var(--ink);
    --frame: var(--vscode-contrastBorder, var(--ink));
    --hairline: color-mix(in srgb, var(--ink) 55%, var(--paper));
    --dim: var(--ink);
    --wash: 0%;
    --quiet: 100%;
    --a-text: var(--ink);
    --b-text: var(--ink);
    --lost-text: var(--ink);
    --now-text: var(--ink);
  }
`;

/** What every drawing needs. */
export const drawing = css`
  :host {
    display: block;
    position: relative;
    min-width: 0;
  }
  svg {
    display: block;
    overflow: visible;
  }
  svg text {
    fill: var(--ink);
    font: 11px var(--mono);
    font-variant-numeric: tabular-nums;
  }
  svg text.dim {
    fill: var(--dim);
  }
  svg text.halo {
    paint-order: stroke;
    stroke: var(--paper);
    stroke-width: 6px;
    stroke-linejoin: round;
  }
  svg text.prose {
    font-family: var(--vscode-font-family, system-ui, sans-serif);
  }
  .mark {
    cursor: pointer;
    outline: none;
  }
  .mark:hover .hit,
  .mark:focus-visible .hit {
    stroke: var(--accent);
  }
  .said {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: pre;
  }
  .empty {
    color: var(--dim);
    padding: 10px 2px 14px;
    margin: 0;
  }
`;
