/**
 * What stands below a cell: its name, the claims it proves or corrects, its part in an exercise, how its checks went.
 * Pure: from options and results to texts.
 */
import type { CellOptions } from '../format/notebook.ts';
import type { CheckResult } from '../session/protocol.ts';

export interface Badge {
  /** May hold an icon in VS Code's notation: `$(book) ...`. */
  readonly text: string;
  readonly tooltip: string;
  /** The same for a screen reader. */
  readonly spoken: string;
  readonly side: 'left' | 'right';
}

/** Roles of a cell in its exercise, for people. */
const PARTS: Readonly<Record<string, { word: string; icon: string }>> = {
  starter: { word: 'your turn', icon: '$(edit)' },
  solution: { word: 'solution', icon: '$(key)' },
  check: { word: 'check', icon: '$(checklist)' },
  hint: { word: 'hint', icon: '$(lightbulb)' },
};

/** The badges of a cell, in order. `checks` are those of its last run, none before. */
export function badges(options: CellOptions, checks: readonly CheckResult[]): Badge[] {
  return [
    ...nameBadge(options),
    ...exerciseBadge(options),
    ...claimsBadge(options),
    ...kernelBadge(options),
    ...checksBadge(checks),
  ];
}

function* nameBadge({ label, title }: CellOptions): Generator<Badge> {
  const name = title ?? label;
  if (name === undefined) return;
  const tooltip = label === undefined ? name : `Cell '${label}': its name in errors and in the log`;
  yield { text: `$(tag) ${name}`, tooltip, spoken: `Cell ${name}`, side: 'left' };
}

function* exerciseBadge({ exercise, part }: CellOptions): Generator<Badge> {
  if (exercise === undefined) return;
  const { word, icon } = PARTS[part ?? ''] ?? { word: part ?? 'exercise', icon: '$(mortar-board)' };
  yield {
    text: `${icon} ${exercise}: ${word}`,
    tooltip: `Exercise '${exercise}': ${word}`,
    spoken: `Exercise ${exercise}, ${word}`,
    side: 'left',
  };
}

function* claimsBadge({ claims = [] }: CellOptions): Generator<Badge> {
  if (claims.length === 0) return;
  const count = claims.length === 1 ? '1 claim' : `${claims.length} claims`;
  const names = claims.map((claim) => claim.replaceAll('-', ' '));
  yield {
    text: `$(verified) ${claims.length === 1 ? names[0] : count}`,
    tooltip: `This cell shows what is true of: ${names.join('; ')}`,
    spoken: `${count}: ${names.join(', ')}`,
    side: 'left',
  };
}

function* kernelBadge({ kernel }: CellOptions): Generator<Badge> {
  if (kernel === undefined) return;
  const name = kernel === 'simulator' ? 'simulator only' : 'real sockets only';
  yield {
    text: `$(server-environment) ${name}`,
    tooltip: `This cell runs on one kernel: ${name}`,
    spoken: name,
    side: 'right',
  };
}

function* checksBadge(checks: readonly CheckResult[]): Generator<Badge> {
  if (checks.length === 0) return;
  const passed = checks.filter(({ ok }) => ok).length;
  const all = passed === checks.length;
  const text = `${passed} of ${checks.length} ${checks.length === 1 ? 'check passes' : 'checks pass'}`;
  yield {
    text: `${all ? '$(pass-filled)' : '$(error)'} ${text}`,
    tooltip: checks.map(checkLine).join('\n'),
    spoken: text,
    side: 'right',
  };
}

/** One line for a check: what was asked for, and why it failed. */
export function checkLine({ name, ok, message }: CheckResult): string {
  return ok || message === '' ? `${ok ? '✓' : '✗'} ${name}` : `✗ ${name}: ${message}`;
}
