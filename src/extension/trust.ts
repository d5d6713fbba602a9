/** Cells are programs: none runs in a workspace that its owner has not trusted. */
import * as vscode from 'vscode';

/** Whether cells may run; says why when they may not, and leads to where trust is given. */
export function mayRun(): boolean {
  if (vscode.workspace.isTrusted) return true;
  const manage = 'Manage Workspace Trust';
  void vscode.window
    .showWarningMessage('Cells are programs, and this workspace is not trusted: nothing was run.', manage)
    .then((chosen) => {
      if (chosen === manage) void vscode.commands.executeCommand('workbench.trust.manage');
    });
  return false;
}
