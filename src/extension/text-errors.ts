/** Marks the faults of a `.socknb` file that is open as text, at their lines and columns, while it is typed. */
import * as vscode from 'vscode';
import type { FormatError } from '../format/notebook.ts';
import { parse } from '../format/parse.ts';
import { TEXT_LANGUAGE } from './ids.ts';

/** Milliseconds without a keystroke before the text is read again. */
const PAUSE = 250;

export function registerTextErrors(): vscode.Disposable {
  const found = vscode.languages.createDiagnosticCollection(TEXT_LANGUAGE);
  const timers = new Map<string, NodeJS.Timeout>();

  const ours = ({ languageId, uri }: vscode.TextDocument) =>
    languageId === TEXT_LANGUAGE && uri.scheme !== 'vscode-notebook-cell';
  const look = (document: vscode.TextDocument) => {
    const result = parse(document.getText());
    found.set(document.uri, result.ok ? [] : result.errors.map((error) => diagnostic(document, error)));
  };
  const forget = ({ uri }: vscode.TextDocument) => {
    clearTimeout(timers.get(uri.toString()));
    timers.delete(uri.toString());
    found.delete(uri);
  };

  for (const document of vscode.workspace.textDocuments) if (ours(document)) look(document);
  return vscode.Disposable.from(
    found,
    new vscode.Disposable(() => {
      for (const timer of timers.values()) clearTimeout(timer);
    }),
    vscode.workspace.onDidOpenTextDocument((document) => {
      if (ours(document)) look(document);
    }),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (!ours(document)) return;
      const key = document.uri.toString();
      clearTimeout(timers.get(key));
      timers.set(
        key,
        setTimeout(() => look(document), PAUSE),
      );
    }),
    vscode.workspace.onDidCloseTextDocument(forget),
  );
}

function diagnostic(
  document: vscode.TextDocument,
  { line, column, length = 1, message }: FormatError,
): vscode.Diagnostic {
  const from = new vscode.Position(line - 1, column - 1);
  const range = document.validateRange(new vscode.Range(from, from.translate(0, length)));
  const found = new vscode.Diagnostic(range, message, vscode.DiagnosticSeverity.Error);
  found.source = 'Socket Notebooks';
  return found;
}
