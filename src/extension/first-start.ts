/**
 * VS Code learns a notebook type from the first window in which its extension is loaded. A `.socknb` file that was to
 * be shown by that very window is already open as text by then: it is shown as a notebook instead. This is done once
 * per installation, so that whoever wants the text later keeps it.
 */
import * as vscode from 'vscode';
import { FILE_EXTENSION, NOTEBOOK_TYPE } from './ids.ts';

const DONE = 'first-start-done';

export async function reopenAsNotebook(memory: vscode.Memento): Promise<void> {
  if (memory.get(DONE)) return;
  await memory.update(DONE, true);
  for (const tab of vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs)) {
    const { input, isActive, isDirty, group } = tab;
    if (!(input instanceof vscode.TabInputText) || !input.uri.path.endsWith(FILE_EXTENSION) || isDirty) continue;
    const options = { viewColumn: group.viewColumn, preserveFocus: !isActive, preview: false };
    await vscode.commands.executeCommand('vscode.openWith', input.uri, NOTEBOOK_TYPE, options);
    await vscode.window.tabGroups.close(tab);
  }
}
