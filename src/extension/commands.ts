/** The commands of the extension. Titles and conditions are in package.json. */
import * as vscode from 'vscode';
import { utf8 } from '../sim/base/bytes.ts';
import type { Controller } from './controllers.ts';
import { COMMANDS, NOTEBOOK_TYPE } from './ids.ts';
import { notebookData } from './serializer.ts';
import { NEW_NOTEBOOK } from './template.ts';

export function registerCommands(controllers: readonly Controller[]): vscode.Disposable {
  const { registerCommand } = vscode.commands;
  return vscode.Disposable.from(
    registerCommand(COMMANDS.restart, (context: unknown) => restart(controllers, context)),
    registerCommand(COMMANDS.newNotebook, newNotebook),
    registerCommand(COMMANDS.openAsText, openAsText),
  );
}

/** @param context what a notebook toolbar hands to a command: it names the notebook */
async function restart(controllers: readonly Controller[], context: unknown): Promise<void> {
  const uri = (context as { notebookEditor?: { notebookUri?: vscode.Uri } } | undefined)?.notebookEditor?.notebookUri;
  const notebook = uri
    ? vscode.workspace.notebookDocuments.find((open) => open.uri.toString() === uri.toString())
    : vscode.window.activeNotebookEditor?.notebook;
  if (notebook?.notebookType !== NOTEBOOK_TYPE) return;
  await Promise.all(controllers.map((controller) => controller.restart(notebook)));
}

async function newNotebook(): Promise<void> {
  const notebook = await vscode.workspace.openNotebookDocument(NOTEBOOK_TYPE, notebookData(utf8(NEW_NOTEBOOK)));
  await vscode.window.showNotebookDocument(notebook);
}

/** Shows the file of the active tab, or the one it was called on, in the text editor. */
async function openAsText(called: unknown): Promise<void> {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  const uri = called instanceof vscode.Uri ? called : (input as { uri?: unknown } | undefined)?.uri;
  if (uri instanceof vscode.Uri) await vscode.commands.executeCommand('vscode.openWith', uri, 'default');
}
