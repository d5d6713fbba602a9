/** The key to the drawings: what each sign means, in the signs themselves. */
import { css, html, svg, type TemplateResult } from 'lit';

export const keyStyles = css`
  .key { display: grid; grid-template-columns: repeat(auto-fill, minmax(215px, 1fr)); gap: 3px 18px; margin: 0; padding: 0; list-style: none; }
  .key li { display: flex; align-items: center; gap: 9px; }
  .key svg { flex: none; }
`;

const arrow = (style: string, extra: unknown = '') =>
  svg`<line x1="1" x2="28" y1="8" y2="8" style=${`stroke: var(--ink); ${style}`} /><path d="M34 8l-7 -3.5v7z" fill="var(--ink)" />${extra}`;
const box = (style: string) => svg`<rect x="1" y="2" width="32" height="12" style=${style} />`;
const wash = 'color-mix(in srgb, var(--a) var(--wash), var(--paper))';

const SIGNS: readonly (readonly [unknown, string])[] = [
  [
    svg`<circle cx="10" cy="8" r="6" fill="var(--a)" /><circle cx="26" cy="8" r="6" fill="var(--b)" />`,
    'A opened the connection, B was opened to',
  ],
  [arrow('stroke-width: 2.8'), 'a packet of this moment'],
  [arrow('stroke-width: 1.2; opacity: .6'), 'a packet that has arrived'],
  [
    svg`<line x1="1" x2="33" y1="8" y2="8" style="stroke: var(--rule); stroke-dasharray: 2 3" /><circle cx="16" cy="8" r="4" fill="var(--ink)" />`,
    'on its way',
  ],
  [arrow('stroke-width: 1.6; stroke-dasharray: 6 3'), '↻ retransmission'],
  [
    svg`<line x1="1" x2="20" y1="8" y2="8" style="stroke: var(--ink)" /><path d="M16 4l8 8m0-8l-8 8" style="stroke: var(--lost); stroke-width: 2.2" />`,
    'dropped, with the reason',
  ],
  [
    svg`<rect x="13" y="1" width="5" height="14" rx="2" fill="color-mix(in srgb, var(--a) 45%, var(--paper))" />`,
    'a system call, from enter to exit',
  ],
  [
    svg`<rect x="13" y="1" width="5" height="14" rx="2" style="fill: none; stroke: var(--a); stroke-dasharray: 2 1.5" />`,
    'a call that had to wait (hatched)',
  ],
  [
    svg`<circle cx="16" cy="8" r="4" style="fill: var(--paper); stroke: var(--a); stroke-width: 1.6" />`,
    'a change of state',
  ],
  [box(`fill: ${wash}; stroke: var(--a)`), 'bytes in a buffer: unsent, unread'],
  [
    svg`${box(`fill: ${wash}; stroke: var(--a)`)}<path d="M4 14l12-12M12 14l12-12M20 14l12-12" style="stroke: var(--a)" />`,
    'in flight: sent, not yet acknowledged',
  ],
  [box('fill: none; stroke: var(--rule); stroke-dasharray: 1 3'), 'done with: acknowledged, read'],
  [box('fill: none; stroke: var(--lost); stroke-dasharray: 3 2'), 'a hole: not yet received'],
  [svg`<path d="M8 2l-5 12M22 2l-5 12" style="stroke: var(--dim)" />`, 'drawn short: a long wait, a large free rest'],
];

export const key = (): TemplateResult => html`<ul class="key">
  ${SIGNS.map(([sign, words]) => html`<li><svg width="35" height="16" aria-hidden="true">${sign}</svg>${words}</li>`)}
</ul>`;
