/**
 * Tells where a file that was to be opened as a notebook does not parse, and leads there.
 *
 * VS Code shows an error of its own in place of the notebook, without the reason when the file was opened by a window's
 * start. A serializer is asked for many purposes and is not told which file it reads, so the message is shown only when
 * a notebook tab without a notebook holds a file with those very bytes.
 */
import * as vscode from 'vscode';
import type { FormatError, FormatFailure } from '../format/notebook.ts';
import { FILE_EXTENSION, NOTEBOOK_TYPE } from './ids.ts';

const OPEN_AS_TEXT = 'Open as Text';
/** Files whose message is on the screen. */
const shown = new Set<string>();

export async function reportBroken(content: Uint8Array, { errors }: FormatFailure): Promise<void> {
  const [error] = errors;
  const uri = error && (await fileInTab(content));
  if (!uri || shown.has(uri.toString())) return;
  shown.add(uri.toString());
  const name = vscode.workspace.asRelativePath(uri);
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const message = `${name}:${error.line}:${error.column}: ${error.message}${more}`;
  const chosen = await vscode.window.showErrorMessage(message, OPEN_AS_TEXT);
  shown.delete(uri.toString());
  if (chosen === OPEN_AS_TEXT) await openAt(uri, error);
}

async function openAt(uri: vscode.Uri, { line, column }: FormatError): Promise<void> {
  const at = new vscode.Position(line - 1, column - 1);
  await vscode.commands.executeCommand('vscode.openWith', uri, 'default', { selection: new vscode.Range(at, at) });
}

async function fileInTab(content: Uint8Array): Promise<vscode.Uri | undefined> {
  for (const { input } of vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs)) {
    const ours = input instanceof vscode.TabInputNotebook && input.notebookType === NOTEBOOK_TYPE;
    if (!ours || !input.uri.path.endsWith(FILE_EXTENSION)) continue;
    if (vscode.workspace.notebookDocuments.some(({ uri }) => uri.toString() === input.uri.toString())) continue;
    const bytes = await vscode.workspace.fs.readFile(input.uri).then(undefined, () => undefined);
    if (bytes && Buffer.compare(bytes, content) === 0) return input.uri;
  }
  return undefined;
}
