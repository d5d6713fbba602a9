/**
 * Chooses the kernel that a notebook asks for when it is first shown and no kernel was chosen for it before, so that a
 * lesson runs at the first click. VS Code recommends by affinity but then asks all the same, hence its command.
 */
import * as vscode from 'vscode';
import type { Controller } from './controllers.ts';
import { NOTEBOOK_TYPE } from './ids.ts';

export function registerKernelChoice(controllers: readonly Controller[], extension: string): vscode.Disposable {
  const seen = new WeakSet<vscode.NotebookDocument>();
  const choose = async (editor: vscode.NotebookEditor | undefined) => {
    const notebook = editor?.notebook;
    if (notebook?.notebookType !== NOTEBOOK_TYPE || seen.has(notebook)) return;
    seen.add(notebook);
    const wanted = controllers.find((controller) => controller.preferredBy(notebook));
    if (!wanted) return;
    wanted.recommend(notebook);
    // The command acts on the active editor; a kernel that the reader has chosen stays.
    const choice = { id: wanted.entry.id, extension, skipIfAlreadySelected: true };
    await vscode.commands.executeCommand('notebook.selectKernel', choice);
  };
  void choose(vscode.window.activeNotebookEditor);
  return vscode.window.onDidChangeActiveNotebookEditor((editor) => void choose(editor));
}
