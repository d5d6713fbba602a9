/**
 * The squiggle under the exact place in a cell that made it fail. It stays until the cell runs again or is edited.
 * Frames in other cells are listed with it, each a link.
 */
import * as vscode from 'vscode';
import type { CellError, Frame } from '../session/protocol.ts';
import { NOTEBOOK_TYPE } from './ids.ts';

export class CellErrors implements vscode.Disposable {
  readonly #found = vscode.languages.createDiagnosticCollection(`${NOTEBOOK_TYPE}-cells`);
  readonly #subscriptions: vscode.Disposable;

  constructor() {
    this.#subscriptions = vscode.Disposable.from(
      this.#found,
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0 && this.#found.has(document.uri)) this.#found.delete(document.uri);
      }),
      vscode.workspace.onDidChangeNotebookDocument(({ contentChanges }) => {
        for (const { removedCells } of contentChanges) for (const cell of removedCells) this.clear(cell);
      }),
      vscode.workspace.onDidCloseNotebookDocument((notebook) => {
        // Its cells are gone by now; their addresses begin with that of the notebook.
        const left = [...this.#found].map(([uri]) => uri).filter(({ path }) => path === notebook.uri.path);
        for (const uri of left) this.#found.delete(uri);
      }),
    );
  }

  clear(cell: vscode.NotebookCell): void {
    this.#found.delete(cell.document.uri);
  }

  /**
   * Marks the place of an error, if it has one.
   * @param cellNamed finds the cell of a frame
   */
  show(
    cell: vscode.NotebookCell,
    error: CellError,
    cellNamed: (name: string) => vscode.NotebookCell | undefined,
  ): void {
    const { name, message, line, column = 1, length = 1, frames } = error;
    if (line === undefined || line > cell.document.lineCount) return;
    const { Diagnostic, DiagnosticSeverity, Range } = vscode;
    const range = cell.document.validateRange(new Range(line - 1, column - 1, line - 1, column - 1 + length));
    const found = new Diagnostic(range, `${name}: ${message}`, DiagnosticSeverity.Error);
    found.source = 'Socket Notebooks';
    found.relatedInformation = frames.slice(1).flatMap((frame) => related(frame, cellNamed(frame.cell)) ?? []);
    this.#found.set(cell.document.uri, [found]);
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }
}

function related({ name, line, column }: Frame, cell: vscode.NotebookCell | undefined) {
  if (!cell) return undefined;
  const at = new vscode.Location(cell.document.uri, new vscode.Position(line - 1, column - 1));
  return new vscode.DiagnosticRelatedInformation(at, name === '' ? 'called here' : `called in ${name}`);
}
