/** VS Code's cells and notebooks in the shapes that the format knows. */
import * as vscode from 'vscode';
import type { EditorCell, EditorNotebook } from '../format/editor.ts';

const kindOf = (kind: vscode.NotebookCellKind) => (kind === vscode.NotebookCellKind.Markup ? 'markup' : 'code');

/** A cell of an open notebook. */
export const editorCell = ({ kind, document, metadata }: vscode.NotebookCell): EditorCell => ({
  kind: kindOf(kind),
  languageId: document.languageId,
  value: document.getText(),
  metadata,
});

/** An open notebook, as it is now. */
export const editorNotebook = (notebook: vscode.NotebookDocument): EditorNotebook => ({
  metadata: notebook.metadata,
  cells: notebook.getCells().map(editorCell),
});

/** What VS Code is about to write. */
export const savedNotebook = ({ cells, metadata }: vscode.NotebookData): EditorNotebook => ({
  metadata,
  cells: cells.map(({ kind, languageId, value, metadata }) => ({ kind: kindOf(kind), languageId, value, metadata })),
});
