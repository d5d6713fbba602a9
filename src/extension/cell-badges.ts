/** Puts the badges of a cell below it. */
import * as vscode from 'vscode';
import type { CheckResult } from '../session/protocol.ts';
import { badges } from './badges.ts';
import { NOTEBOOK_TYPE } from './ids.ts';
import { optionsOf } from './requests.ts';

export class CellBadges implements vscode.Disposable {
  readonly #checks = new WeakMap<vscode.NotebookCell, readonly CheckResult[]>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #provider: vscode.Disposable;

  constructor() {
    this.#provider = vscode.notebooks.registerNotebookCellStatusBarItemProvider(NOTEBOOK_TYPE, {
      onDidChangeCellStatusBarItems: this.#changed.event,
      provideCellStatusBarItems: (cell) => this.#items(cell),
    });
  }

  /** Remembers how the checks of a cell went. */
  checked(cell: vscode.NotebookCell, checks: readonly CheckResult[]): void {
    const before = this.#checks.get(cell) ?? [];
    this.#checks.set(cell, checks);
    if (before.length > 0 || checks.length > 0) this.#changed.fire();
  }

  dispose(): void {
    this.#provider.dispose();
    this.#changed.dispose();
  }

  #items(cell: vscode.NotebookCell): vscode.NotebookCellStatusBarItem[] {
    const { Left, Right } = vscode.NotebookCellStatusBarAlignment;
    const shown = badges(optionsOf(cell.metadata), this.#checks.get(cell) ?? []);
    return shown.map(({ text, tooltip, spoken, side }, i) => {
      const item = new vscode.NotebookCellStatusBarItem(text, side === 'left' ? Left : Right);
      item.tooltip = tooltip;
      item.accessibilityInformation = { label: spoken };
      item.priority = -i;
      return item;
    });
  }
}
