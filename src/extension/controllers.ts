/**
 * The two kernels in VS Code's kernel picker, and what happens when a cell is run with one of them.
 *
 * Guarantees: every execution that is created is ended, whatever becomes of its cell, session or notebook; the cells of
 * one notebook run one at a time in the order of the gestures, and none after a failure; no cell of an untrusted
 * workspace is run; a session ends with its notebook, and when another kernel is chosen.
 */
import * as vscode from 'vscode';
import { sessionConfig } from '../session/notebook.ts';
import type { CheckResult, SpawnWorker } from '../session/protocol.ts';
import type { CellErrors } from './cell-errors.ts';
import { editorCell } from './editor-cells.ts';
import { CELL_LANGUAGES, CONTROLLERS, NOTEBOOK_TYPE } from './ids.ts';
import { errorItem, noteOutput, Printer, resultOutputs } from './outputs.ts';
import { cellNames, frontMatterOf, otherKernelNeeded, requestOf } from './requests.ts';
import { type Job, RunQueue } from './run-queue.ts';
import { SessionSlot, type SlotState } from './session-slot.ts';
import { mayRun } from './trust.ts';

type KernelEntry = (typeof CONTROLLERS)[number];

/** A notebook that has run cells with a controller. */
interface Bench {
  readonly slot: SessionSlot;
  readonly queue: RunQueue;
}

/** What the controllers tell the rest of the extension. */
export interface ControllerEvents {
  /** The session of a notebook moved on, began or ended. */
  sessionChanged(notebook: vscode.NotebookDocument): void;
  /** A cell was run; its former checks say nothing any more. */
  checked(cell: vscode.NotebookCell, checks: readonly CheckResult[]): void;
}

export class Controller implements vscode.Disposable {
  readonly entry: KernelEntry;
  readonly #controller: vscode.NotebookController;
  readonly #spawn: SpawnWorker;
  readonly #errors: CellErrors;
  readonly #events: ControllerEvents;
  readonly #benches = new Map<vscode.NotebookDocument, Bench>();
  readonly #selected = new WeakSet<vscode.NotebookDocument>();
  readonly #subscriptions: vscode.Disposable[] = [];

  constructor(entry: KernelEntry, spawn: SpawnWorker, errors: CellErrors, events: ControllerEvents) {
    this.entry = entry;
    this.#spawn = spawn;
    this.#errors = errors;
    this.#events = events;
    const controller = vscode.notebooks.createNotebookController(entry.id, NOTEBOOK_TYPE, entry.label);
    controller.description = entry.description;
    controller.detail = entry.detail;
    controller.supportedLanguages = [...CELL_LANGUAGES];
    controller.supportsExecutionOrder = true;
    controller.executeHandler = (cells, notebook) => this.#execute(cells, notebook);
    this.#controller = controller;
    this.#subscriptions.push(
      controller,
      controller.onDidChangeSelectedNotebooks(({ notebook, selected }) => {
        if (selected) this.#selected.add(notebook);
        else {
          this.#selected.delete(notebook);
          void this.#leave(notebook);
        }
        events.sessionChanged(notebook);
      }),
      vscode.workspace.onDidCloseNotebookDocument((notebook) => void this.#leave(notebook)),
      vscode.workspace.onDidChangeNotebookDocument(({ notebook, metadata }) => {
        if (metadata) this.#reconfigure(notebook);
      }),
    );
  }

  /** Whether the notebook's front matter asks for this kernel; the simulator serves a notebook that asks for none. */
  preferredBy(notebook: vscode.NotebookDocument): boolean {
    return (readFrontMatter(notebook)?.kernel ?? 'simulator') === this.entry.kernel;
  }

  /** Puts this kernel first in the picker, for this notebook. */
  recommend(notebook: vscode.NotebookDocument): void {
    this.#controller.updateNotebookAffinity(notebook, vscode.NotebookControllerAffinity.Preferred);
  }

  /** Whether this controller runs the notebook's cells. */
  serves(notebook: vscode.NotebookDocument): boolean {
    return this.#selected.has(notebook);
  }

  /** The session's state; undefined before the first cell was run. */
  state(notebook: vscode.NotebookDocument): SlotState | undefined {
    return this.#benches.get(notebook)?.slot.state;
  }

  /** Leaves the notebook's world for a fresh one: running and waiting cells end, the numbers of the cells go. */
  async restart(notebook: vscode.NotebookDocument): Promise<void> {
    const bench = this.#benches.get(notebook);
    if (!bench) return;
    bench.queue.clear();
    await bench.slot.restart();
    await this.#clearOrder(notebook, bench);
  }

  dispose(): void {
    for (const notebook of [...this.#benches.keys()]) void this.#leave(notebook);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #leave(notebook: vscode.NotebookDocument): Promise<void> | undefined {
    const bench = this.#benches.get(notebook);
    this.#benches.delete(notebook);
    bench?.queue.clear();
    return bench?.slot.dispose();
  }

  /** The front matter may describe another world now, when the file was changed as text. */
  #reconfigure(notebook: vscode.NotebookDocument): void {
    const bench = this.#benches.get(notebook);
    const frontMatter = readFrontMatter(notebook);
    if (!bench || !frontMatter) return;
    if (!bench.slot.reconfigure(sessionConfig(frontMatter, this.entry.kernel))) return;
    bench.queue.clear();
    void this.#clearOrder(notebook, bench);
    void vscode.window.setStatusBarMessage('The seed or the topology changed: the session begins anew.', 5_000);
  }

  /** The number of a cell says that it was run in this world. */
  async #clearOrder(notebook: vscode.NotebookDocument, { queue }: Bench): Promise<void> {
    await queue.idle();
    for (const cell of notebook.getCells()) {
      this.#events.checked(cell, []);
      if (cell.executionSummary?.executionOrder === undefined) continue;
      this.#controller.createNotebookCellExecution(cell).end(undefined);
    }
  }

  async #execute(cells: vscode.NotebookCell[], notebook: vscode.NotebookDocument): Promise<void> {
    if (!mayRun()) return;
    const bench = this.#bench(notebook);
    await bench.queue.add(cells.map((cell) => this.#job(cell, notebook, bench)));
  }

  #bench(notebook: vscode.NotebookDocument): Bench {
    let bench = this.#benches.get(notebook);
    if (!bench) {
      const config = sessionConfig(frontMatterOf(notebook.metadata), this.entry.kernel);
      const slot = new SessionSlot(config, this.#spawn, () => this.#events.sessionChanged(notebook));
      bench = { slot, queue: new RunQueue() };
      this.#benches.set(notebook, bench);
    }
    return bench;
  }

  /** One cell in the queue. It shows as waiting from now on, and can be stopped while it waits. */
  #job(cell: vscode.NotebookCell, notebook: vscode.NotebookDocument, { slot, queue }: Bench): Job {
    const execution = this.#controller.createNotebookCellExecution(cell);
    let running = false;
    const job: Job = {
      run: async () => {
        running = true;
        try {
          return await this.#run(execution, notebook, slot);
        } finally {
          stopping.dispose();
        }
      },
      skip() {
        stopping.dispose();
        execution.end(undefined);
      },
    };
    const stopping = execution.token.onCancellationRequested(() => {
      if (running) slot.interrupt();
      else queue.remove(job);
    });
    return job;
  }

  /** @returns whether the cells behind this one may run. */
  async #run(
    execution: vscode.NotebookCellExecution,
    notebook: vscode.NotebookDocument,
    slot: SessionSlot,
  ): Promise<boolean> {
    const { cell } = execution;
    const names = cellNames(notebook.getCells());
    const asked = editorCell(cell);
    const printer = new Printer(execution);
    this.#errors.clear(cell);
    this.#events.checked(cell, []);
    let success: boolean | undefined = false;
    execution.start(Date.now());
    try {
      void execution.clearOutput();
      const other = otherKernelNeeded(asked, this.entry.kernel);
      if (other) {
        success = undefined;
        const label = CONTROLLERS.find(({ kernel }) => kernel === other)?.label;
        await execution.appendOutput(noteOutput(`Not run: this cell is for the kernel "${label}" only.`));
        return true;
      }
      const result = await slot.run(requestOf(asked, names[cell.index] ?? `cell-${cell.index + 1}`), {
        begun: (order) => {
          execution.executionOrder = order;
        },
        print: (text, stream) => printer.print(text, stream),
      });
      printer.flush();
      if (!result) {
        success = undefined;
        return false;
      }
      success = result.ok;
      await execution.appendOutput(resultOutputs(result));
      this.#events.checked(cell, result.checks);
      if (result.error) this.#errors.show(cell, result.error, (name) => notebook.getCells()[names.indexOf(name)]);
      return result.ok;
    } catch (error) {
      const { name, message } = error as Error;
      await execution.appendOutput(
        new vscode.NotebookCellOutput([errorItem({ name, message, stack: `${name}: ${message}` })]),
      );
      return false;
    } finally {
      execution.end(success, Date.now());
    }
  }
}

function readFrontMatter(notebook: vscode.NotebookDocument) {
  try {
    return frontMatterOf(notebook.metadata);
  } catch {
    return undefined; // the cells tell when they are run
  }
}
