/**
 * The extension's entry: makes the parts and ties them together. VS Code calls it when the first `.socknb` file is
 * opened or a command is run, and not before; no session is started here.
 */
import { join } from 'node:path';
import type * as vscode from 'vscode';
import { nodeWorker } from '../session/worker-host-node.ts';
import { CellBadges } from './cell-badges.ts';
import { CellErrors } from './cell-errors.ts';
import { Clock } from './clock.ts';
import { registerCommands } from './commands.ts';
import { Controller } from './controllers.ts';
import { reopenAsNotebook } from './first-start.ts';
import { registerFolding } from './folding.ts';
import { CONTROLLERS } from './ids.ts';
import { registerKernelChoice } from './kernel-choice.ts';
import { registerSerializer } from './serializer.ts';
import { registerTextErrors } from './text-errors.ts';

export function activate(context: vscode.ExtensionContext): void {
  const spawn = nodeWorker(join(context.extensionPath, 'dist/session-worker.cjs'));
  const errors = new CellErrors();
  const badges = new CellBadges();
  const events = {
    sessionChanged: (notebook: vscode.NotebookDocument) => clock.update(notebook),
    checked: badges.checked.bind(badges),
  };
  const controllers = CONTROLLERS.map((entry) => new Controller(entry, spawn, errors, events));
  const clock = new Clock((notebook) => controllers.find((of) => of.serves(notebook))?.state(notebook));
  context.subscriptions.push(
    registerSerializer(),
    registerTextErrors(),
    registerFolding(),
    registerCommands(controllers),
    registerKernelChoice(controllers, context.extension.id),
    ...controllers,
    clock,
    badges,
    errors,
  );
  void reopenAsNotebook(context.globalState);
}
