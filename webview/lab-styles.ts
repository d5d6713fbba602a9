/** How the lab view arranges its parts: one column where it is narrow, two where there is room. */
import { css } from 'lit';

export const layout = css`
  :host { display: block; container-type: inline-size; padding: 4px 2px 8px; }
  .head, .time { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; }
  h3 { font-size: 13px; font-weight: 600; margin: 0; }
  .kernel { color: var(--dim); border: 1px solid var(--frame); border-radius: 9px; padding: 0 8px; font-size: 11px; }
  .chips { display: flex; flex-wrap: wrap; gap: 2px; margin-left: auto; }
  .transport { display: flex; gap: 1px; flex: none; }
  .time { margin-top: 6px; align-items: flex-start; }
  socknb-scrubber { flex: 1 1 300px; }
  .instant { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 14px; margin: 2px 0 8px; min-height: 1.5em; }
  .instant b { font: 600 13px var(--mono); font-variant-numeric: tabular-nums; color: var(--now-text); min-width: 10ch; }
  .instant .step { color: var(--dim); font: 11px var(--mono); font-variant-numeric: tabular-nums; }
  .instant .what { flex: 1 1 260px; }
  .panes { display: grid; gap: 10px; grid-template-columns: minmax(0, 1fr); align-items: start; }
  .column { display: grid; gap: 10px; min-width: 0; align-content: start; }
  section { border: 1px solid var(--frame); border-radius: 6px; padding: 7px 10px 9px; background: var(--paper); min-width: 0; }
  h4 { margin: 0 0 4px; font-size: 11px; font-weight: 600; color: var(--dim); letter-spacing: 0.02em; }
  .absent { color: var(--dim); margin: 0; }
  pre { font: 11.5px/1.5 var(--mono); margin: 0; overflow-x: auto; white-space: pre; max-height: 320px; }
  pre:focus-visible { outline: 1px solid var(--accent); }
  .detail { width: 100%; max-height: 188px; min-height: 84px; overflow: auto; scrollbar-width: thin; }
  .detail:focus-visible { outline: 1px solid var(--accent); }
  .hint { color: var(--dim); margin: 0; }
  .nothing { color: var(--dim); }
  @container (max-width: 959px) {
    .column { display: contents; }
    .details { order: 1; }
  }
  @container (min-width: 960px) {
    .panes.two { grid-template-columns: minmax(0, 1.25fr) minmax(min(500px, 47%), 1fr); }
    .panes.two .whole { grid-column: 1 / -1; }
  }
  @media print { .transport, .chips { display: none; } }
`;
