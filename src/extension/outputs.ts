/**
 * What a cell leaves under itself: printed text as it comes, then its value, its views, its checks, its error.
 *
 * Each picture travels with its plain text in the same output, for readers without the renderer and for copying.
 * Printed text is gathered for a moment before it is sent: a loop of a thousand lines is a few updates, not a thousand.
 */
import * as vscode from 'vscode';
import type { CellError, RunResult } from '../session/protocol.ts';
import { RUN_MIME } from '../views/payload.ts';
import { checkLine } from './badges.ts';

type Stream = 'stdout' | 'stderr';

/** Milliseconds for which printed text is gathered. */
const GATHER = 40;

const { stdout, stderr, text } = vscode.NotebookCellOutputItem;

/** The printed text of one run, in the order in which it was printed. */
export class Printer {
  readonly #execution: vscode.NotebookCellExecution;
  #gathered = '';
  #stream: Stream = 'stdout';
  /** The output that grows, while the stream stays the same. */
  #output: vscode.NotebookCellOutput | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(execution: vscode.NotebookCellExecution) {
    this.#execution = execution;
  }

  print(text: string, stream: Stream): void {
    if (stream !== this.#stream) {
      this.flush();
      this.#stream = stream;
      this.#output = undefined;
    }
    this.#gathered += text;
    this.#timer ??= setTimeout(() => this.flush(), GATHER);
  }

  /** Sends what was gathered. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#gathered === '') return;
    const item = this.#stream === 'stdout' ? stdout(this.#gathered) : stderr(this.#gathered);
    this.#gathered = '';
    if (this.#output) void this.#execution.appendOutputItems(item, this.#output);
    else {
      this.#output = new vscode.NotebookCellOutput([item]);
      void this.#execution.appendOutput(this.#output);
    }
  }
}

/** The outputs of a run that has ended, after what it printed. */
export function resultOutputs({
  value,
  payload,
  text: views,
  checks,
  error,
  recovery,
}: RunResult): vscode.NotebookCellOutput[] {
  const items: vscode.NotebookCellOutputItem[][] = [];
  if (value !== undefined) items.push([text(value)]);
  if (payload) items.push([new vscode.NotebookCellOutputItem(payload, RUN_MIME), text(views)]);
  else if (views !== '') items.push([text(views)]);
  if (checks.length > 0) items.push([text(checks.map(checkLine).join('\n'))]);
  if (error) items.push([errorItem(error)]);
  if (recovery !== undefined) items.push([stderr(`${recovery}\n`)]);
  return items.map((of) => new vscode.NotebookCellOutput(of));
}

/** An error as VS Code draws it: name and message, then the frames, which name cells, lines and columns. */
export function errorItem({
  name,
  message,
  stack,
}: Pick<CellError, 'name' | 'message' | 'stack'>): vscode.NotebookCellOutputItem {
  return vscode.NotebookCellOutputItem.error({ name, message, stack });
}

/** A sentence to the reader in place of a result. */
export const noteOutput = (sentence: string): vscode.NotebookCellOutput =>
  new vscode.NotebookCellOutput([text(sentence)]);
