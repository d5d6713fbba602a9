/** What the status bar says of a session, as text. Knows nothing of VS Code but the notation of its icons. */
import { seconds } from '../sim/base/time.ts';
import { CONTROLLERS } from './ids.ts';
import type { SlotState } from './session-slot.ts';

export interface ClockText {
  readonly text: string;
  /** Markdown. */
  readonly tooltip: string;
  /** For screen readers: no icon. */
  readonly spoken: string;
}

export function clockText({ config, now, events, runs, running }: SlotState): ClockText {
  const simulated = config.kernel === 'simulator';
  const name = CONTROLLERS.find(({ kernel }) => kernel === config.kernel)?.label ?? config.kernel;
  const time = `${seconds(now)} s`;
  const icon = running ? '$(sync~spin)' : simulated ? '$(watch)' : '$(plug)';
  const world = simulated ? `${name} · seed ${config.seed}` : name;
  const cells = runs === 1 ? '1 cell was run' : `${runs} cells were run`;
  const lines = [
    simulated
      ? `**Virtual time ${time}** since the world began. It passes only while a cell runs and waits.`
      : `**${time}** since the session began, by the clock of this machine.`,
    `${name}: ${events} events in the log, ${cells}.`,
    ...(simulated ? [`The same cells with seed ${config.seed} give the same log, byte for byte.`] : []),
    'Click to restart with a fresh world.',
  ];
  return {
    text: `${icon} ${time} · ${world}`,
    tooltip: lines.join('\n\n'),
    spoken: `${simulated ? 'Virtual time' : 'Time'} ${time}, ${world}${running ? ', running' : ''}. Restart.`,
  };
}
