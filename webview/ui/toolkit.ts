/**
 * Buttons and tabs, from VS Code's webview toolkit. The only module that knows the toolkit: it is no longer developed,
 * and whoever swaps it swaps this file.
 *
 * The toolkit learns the theme once, at the window's `load` event, which is over long before a renderer is loaded.
 * Its tokens are custom properties, so `toolkitTheme` binds them to the editor's variables directly: a change of theme
 * needs no code at all.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodePanels,
  vsCodePanelTab,
  vsCodePanelView,
} from '@vscode/webview-ui-toolkit';
import { css, html, type TemplateResult } from 'lit';

/** Defines the elements; once per page, where another renderer or an older copy of this one may have been first. */
export function defineToolkit(): void {
  if (!customElements.get('vscode-button')) provideVSCodeDesignSystem().register(vsCodeButton());
  if (!customElements.get('vscode-panels')) {
    provideVSCodeDesignSystem().register(vsCodePanels(), vsCodePanelTab(), vsCodePanelView());
  }
}

export const toolkitTheme = css`
  vscode-button,
  vscode-panels {
    --font-family: var(--vscode-font-family);
    --type-ramp-base-font-size: 12px;
    --foreground: var(--vscode-foreground);
    --focus-border: var(--vscode-focusBorder);
    --contrast-active-border: var(--vscode-contrastActiveBorder, transparent);
    --button-border: transparent;
    --button-icon-background: transparent;
    --button-icon-hover-background: var(--vscode-toolbar-hoverBackground, transparent);
    --button-icon-corner-radius: 4px;
    --panel-tab-foreground: var(--vscode-panelTitle-inactiveForeground, var(--vscode-foreground));
    --panel-tab-active-foreground: var(--vscode-panelTitle-activeForeground, var(--vscode-foreground));
    --panel-tab-active-border: var(--vscode-focusBorder);
    --panel-view-border: transparent;
    --panel-view-background: transparent;
  }
  vscode-button[aria-pressed='true'] {
    --button-icon-background: var(--vscode-inputOption-activeBackground, transparent);
    --foreground: var(--vscode-inputOption-activeForeground, var(--vscode-foreground));
    outline: 1px solid var(--vscode-inputOption-activeBorder, var(--vscode-contrastActiveBorder, transparent));
    outline-offset: -1px;
  }
  vscode-panels::part(tablist) {
    column-gap: 20px;
  }
  vscode-panel-view {
    padding: 6px 0 0;
  }
`;

export interface ButtonOptions {
  label: string;
  /** What it shows: words or a drawing. */
  content: unknown;
  /** For a button that stays down. */
  pressed?: boolean;
  disabled?: boolean;
  /** The key that does the same, for the tool tip. */
  key?: string;
  act(): void;
}

/** A flat button. What it tells of itself is set by property: the toolkit's button passes only those on to its inner one. */
export function button({ label, content, pressed, disabled, key, act }: ButtonOptions): TemplateResult {
  return html`<vscode-button
    appearance="icon"
    aria-label=${label}
    .ariaPressed=${pressed === undefined ? null : String(pressed)}
    ?disabled=${disabled ?? false}
    title=${key ? `${label} (${key})` : label}
    @click=${act}
    >${content}</vscode-button
  >`;
}

export interface Tab {
  id: string;
  title: string;
  content: unknown;
}

/** Panels behind tabs; `active` is an index. */
export function tabs(
  label: string,
  all: readonly Tab[],
  active: number,
  chosen: (index: number) => void,
): TemplateResult {
  const id = (index: number) => `tab-${all[index]?.id}`;
  return html`<vscode-panels
    aria-label=${label}
    activeid=${id(active)}
    @change=${(event: Event) => {
      const index = all.findIndex((_, i) => id(i) === (event.target as Element).getAttribute('activeid'));
      if (index >= 0) chosen(index);
    }}
  >
    ${all.map((tab, i) => html`<vscode-panel-tab id=${id(i)}>${tab.title}</vscode-panel-tab>`)}
    ${all.map((tab, i) => html`<vscode-panel-view id=${`${id(i)}-view`}>${tab.content}</vscode-panel-view>`)}
  </vscode-panels>`;
}
