/**
 * `.socknb` text to and from VS Code's notebook.
 *
 * Guarantees: a text that does not parse is never shown as a notebook, so that no save can replace it; a notebook whose
 * file on disk has stopped parsing since it was opened (edited elsewhere, a merge) is not written over that file. Cell
 * and notebook metadata carry what the format needs to write the same text again.
 */
import * as vscode from 'vscode';
import { parseBytes } from '../format/bytes.ts';
import { fromEditor, toEditor } from '../format/editor.ts';
import { FormatFailure } from '../format/notebook.ts';
import { serialize } from '../format/serialize.ts';
import { utf8 } from '../sim/base/bytes.ts';
import { reportBroken } from './broken-file.ts';
import { editorNotebook, savedNotebook } from './editor-cells.ts';
import { NOTEBOOK_TYPE } from './ids.ts';

/** For how long after the check of a save the save itself may come, in milliseconds. */
const SAVE_WINDOW = 2_000;

export function registerSerializer(): vscode.Disposable {
  const guard = new DiskGuard();
  const serializer: vscode.NotebookSerializer = {
    deserializeNotebook(content) {
      try {
        return notebookData(content);
      } catch (error) {
        if (error instanceof FormatFailure) void reportBroken(content, error);
        throw error;
      }
    },
    serializeNotebook(data) {
      const text = serialize(fromEditor(savedNotebook(data)));
      guard.refuse(text);
      return utf8(text);
    },
  };
  return vscode.Disposable.from(
    vscode.workspace.registerNotebookSerializer(NOTEBOOK_TYPE, serializer, {
      transientOutputs: true,
      transientCellMetadata: { inputCollapsed: true, outputCollapsed: true },
    }),
    vscode.workspace.onWillSaveNotebookDocument((event) => {
      if (event.notebook.notebookType === NOTEBOOK_TYPE) event.waitUntil(guard.check(event.notebook));
    }),
  );
}

/** @throws FormatFailure naming the first error's line and column: VS Code shows it in place of the notebook. */
export function notebookData(content: Uint8Array): vscode.NotebookData {
  const parsed = parseBytes(content);
  if (!parsed.ok) throw new FormatFailure(parsed.errors);
  const { cells, metadata } = toEditor(parsed.notebook);
  const data = new vscode.NotebookData(
    cells.map(({ kind, languageId, value, metadata }) => {
      const { Markup, Code } = vscode.NotebookCellKind;
      const cell = new vscode.NotebookCellData(kind === 'markup' ? Markup : Code, value, languageId);
      cell.metadata = { ...metadata };
      return cell;
    }),
  );
  data.metadata = { ...metadata };
  return data;
}

/**
 * VS Code reloads a notebook that has no edits when its file changes. When that text does not parse the old cells stay,
 * yet count as up to date with the disk, and the next save would replace the new text without a question.
 */
class DiskGuard {
  /** Texts that must not be written now, by the notebook's address. A serializer is not told which file it serves. */
  readonly #refused = new Map<string, { text: string; reason: string; until: number }>();

  /** Looks at the file that a save is about to replace. */
  async check(notebook: vscode.NotebookDocument): Promise<void> {
    const key = notebook.uri.toString();
    this.#refused.delete(key);
    const onDisk = await read(notebook.uri);
    const parsed = onDisk && parseBytes(onDisk);
    if (!parsed || parsed.ok) return;
    const reason = `The file on disk is not the one that was opened: it no longer parses (${new FormatFailure(parsed.errors).message}). It was left as it is. Open it as text to repair it, or save this notebook under another name.`;
    this.#refused.set(key, {
      text: serialize(fromEditor(editorNotebook(notebook))),
      reason,
      until: Date.now() + SAVE_WINDOW,
    });
  }

  /** @throws Error when `text` is what a refused save would write. */
  refuse(text: string): void {
    for (const refused of this.#refused.values()) {
      if (refused.text === text && Date.now() < refused.until) throw new Error(refused.reason);
    }
  }
}

/** The bytes of a file; undefined when it cannot be read, e.g. because it is new. */
async function read(uri: vscode.Uri): Promise<Uint8Array | undefined> {
  try {
    return await vscode.workspace.fs.readFile(uri);
  } catch {
    return undefined;
  }
}
