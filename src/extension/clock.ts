/** The clock of the active notebook's session in the status bar. */
import * as vscode from 'vscode';
import { clockText } from './clock-text.ts';
import { COMMANDS, NOTEBOOK_TYPE } from './ids.ts';
import type { SlotState } from './session-slot.ts';

/** Milliseconds between two updates while a cell runs. */
const PACE = 100;

export class Clock implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem(`${NOTEBOOK_TYPE}.clock`, vscode.StatusBarAlignment.Right, 100);
  readonly #state: (notebook: vscode.NotebookDocument) => SlotState | undefined;
  readonly #subscription: vscode.Disposable;
  #timer: NodeJS.Timeout | undefined;

  /** @param state the session of a notebook; undefined when there is none to speak of */
  constructor(state: (notebook: vscode.NotebookDocument) => SlotState | undefined) {
    this.#state = state;
    this.#item.name = 'Socket Notebooks Clock';
    this.#item.command = COMMANDS.restart;
    this.#subscription = vscode.window.onDidChangeActiveNotebookEditor(() => this.#show());
    this.#show();
  }

  /** A session moved on: shown soon, and not more often than {@link PACE} allows. */
  update(notebook: vscode.NotebookDocument): void {
    if (notebook !== vscode.window.activeNotebookEditor?.notebook) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#show();
    }, PACE);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#subscription.dispose();
    this.#item.dispose();
  }

  #show(): void {
    const notebook = vscode.window.activeNotebookEditor?.notebook;
    const state = notebook?.notebookType === NOTEBOOK_TYPE ? this.#state(notebook) : undefined;
    if (!state) {
      this.#item.hide();
      return;
    }
    const { text, tooltip, spoken } = clockText(state);
    this.#item.text = text;
    this.#item.tooltip = new vscode.MarkdownString(tooltip);
    this.#item.accessibilityInformation = { label: spoken };
    this.#item.show();
  }
}
