/**
 * Folds hints and solutions of exercises when a notebook is first shown: there to be looked up, not to be read by
 * accident. VS Code keeps no such state in a cell, so it is done by its own command, once for each opened notebook, as
 * soon as the cells are laid out: before that the command finds none.
 */
import * as vscode from 'vscode';
import { NOTEBOOK_TYPE } from './ids.ts';
import { optionsOf } from './requests.ts';

const FOLDED: readonly (string | undefined)[] = ['hint', 'solution'];

export function registerFolding(): vscode.Disposable {
  const done = new WeakSet<vscode.NotebookDocument>();
  return vscode.window.onDidChangeNotebookEditorVisibleRanges(({ notebookEditor, visibleRanges }) => {
    const { notebook } = notebookEditor;
    if (notebook.notebookType !== NOTEBOOK_TYPE || done.has(notebook) || visibleRanges.length === 0) return;
    done.add(notebook);
    const cells = notebook.getCells().filter(({ metadata }) => FOLDED.includes(optionsOf(metadata).part));
    const ranges = cells.map(({ index }) => ({ start: index, end: index + 1 }));
    if (ranges.length === 0) return;
    void vscode.commands.executeCommand('notebook.cell.collapseCellInput', { ranges, document: notebook.uri });
  });
}
