/**
 * Marks the faults of a `.socknb` file that is open as text, at their lines and columns, while it is typed. What keeps
 * it from being a notebook is an error; a lesson or exercise that is not whole is a warning.
 */
import * as vscode from 'vscode';
import type { FormatError } from '../format/notebook.ts';
import { parse } from '../format/parse.ts';
import { exercises } from '../guide/exercises.ts';
import { lesson } from '../guide/lesson.ts';
import { TEXT_LANGUAGE } from './ids.ts';

/** Milliseconds without a keystroke before the text is read again. */
const PAUSE = 250;

export function registerTextErrors(): vscode.Disposable {
  const found = vscode.languages.createDiagnosticCollection(TEXT_LANGUAGE);
  const timers = new Map<string, NodeJS.Timeout>();

  const ours = ({ languageId, uri }: vscode.TextDocument) =>
    languageId === TEXT_LANGUAGE && uri.scheme !== 'vscode-notebook-cell';
  const look = (document: vscode.TextDocument) => {
    found.set(document.uri, faults(document));
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

function faults(document: vscode.TextDocument): vscode.Diagnostic[] {
  const severity = vscode.DiagnosticSeverity;
  const parsed = parse(document.getText());
  if (!parsed.ok) return parsed.errors.map((error) => diagnostic(document, error, severity.Error));
  // A student's copy has no solutions: that is no fault of the file.
  const problems = [...lesson(parsed.notebook).problems, ...exercises(parsed.notebook, 'student').problems];
  return problems.map((problem) => diagnostic(document, problem, severity.Warning));
}

function diagnostic(
  document: vscode.TextDocument,
  { line, column, length = 1, message }: FormatError,
  severity: vscode.DiagnosticSeverity,
): vscode.Diagnostic {
  const from = new vscode.Position(line - 1, column - 1);
  const range = document.validateRange(new vscode.Range(from, from.translate(0, length)));
  const found = new vscode.Diagnostic(range, message, severity);
  found.source = 'Socket Notebooks';
  return found;
}
