/**
 * Folds the solutions of exercises when a notebook is first shown: there to be looked up, not to be read by accident.
 * VS Code keeps no such state in a cell, so it is done by its own command, once for each opened notebook.
 */
import * as vscode from 'vscode';
import { NOTEBOOK_TYPE } from './ids.ts';
import { optionsOf } from './requests.ts';

export function registerSolutionFolding(): vscode.Disposable {
  const seen = new WeakSet<vscode.NotebookDocument>();
  const fold = async (editor: vscode.NotebookEditor | undefined) => {
    const notebook = editor?.notebook;
    if (notebook?.notebookType !== NOTEBOOK_TYPE || seen.has(notebook)) return;
    seen.add(notebook);
    const solutions = notebook.getCells().filter((cell) => optionsOf(cell.metadata).part === 'solution');
    if (solutions.length === 0) return;
    const ranges = solutions.map(({ index }) => ({ start: index, end: index + 1 }));
    await vscode.commands.executeCommand('notebook.cell.collapseCellInput', { ranges, document: notebook.uri });
  };
  void fold(vscode.window.activeNotebookEditor);
  return vscode.window.onDidChangeActiveNotebookEditor((editor) => void fold(editor));
}
