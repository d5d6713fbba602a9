/**
 * The answer to "why?": the chain of causes of an event, newest first, down to the line of the cell that began it. Each
 * link leads the cursor to its event.
 */
import { css, html, type TemplateResult } from 'lit';
import type { Log } from '../../src/sim/trace/log.ts';
import type { Cause } from '../../src/views/view.ts';
import { causesOf } from '../run.ts';
import { shortTime } from '../words.ts';

export const whyStyles = css`
  .why { margin: 0; padding: 0; list-style: none; }
  .why li { display: grid; grid-template-columns: 72px 1fr; column-gap: 10px; position: relative; padding: 2px 0 4px; }
  .why time { color: var(--dim); font: 10.5px/1.7 var(--mono); text-align: right; font-variant-numeric: tabular-nums; }
  .why li + li .step::before { content: '↑'; position: absolute; left: 74px; color: var(--dim); font-size: 10px; line-height: 1.7; margin-left: 1px; }
  .why .step { border-left: 2px solid var(--hairline); padding-left: 12px; }
  .why li:first-child .step { border-left-color: var(--accent); }
  .why li:first-child button { font-weight: 600; }
  .why li:last-child .step { border-left-color: var(--rule); }
  .why button { all: unset; cursor: pointer; display: block; }
  .why button:hover { text-decoration: underline; }
  .why button:focus-visible { outline: 1px solid var(--accent); outline-offset: 2px; }
  .why .rule { color: var(--dim); font: 10.5px/1.5 var(--mono); }
  .why .line { color: var(--vscode-textLink-foreground, var(--ink)); font: 10.5px/1.5 var(--mono); }
`;

/** A chain longer than this is told by its newest links and its root. */
const SHOWN = 10;

/** @param go leads the cursor to an event. */
export function why(log: Log, n: number, go: (n: number) => void): TemplateResult {
  const chain = n < 0 ? [] : causesOf(log, n);
  if (chain.length === 0) {
    return html`<p class="hint">Click anything drawn, or press Enter on it: here is told what made it happen.</p>`;
  }
  const skipped = chain.length - SHOWN;
  const link = (cause: Cause) => {
    const rules = [cause.rfc ?? '', cause.linux ?? ''].filter((rule) => rule !== '');
    const place = cause.line === undefined ? '' : `cell “${cause.cell ?? ''}”, line ${cause.line}`;
    return html`<li>
      <time>${shortTime(cause.time)}</time>
      <div class="step">
        <button type="button" @click=${() => go(cause.n)}>${cause.text}</button>
        ${rules.length > 0 ? html`<div class="rule">${rules.join(' · ')}</div>` : ''}
        ${place ? html`<div class="line">${place}</div>` : ''}
      </div>
    </li>`;
  };
  if (skipped <= 1) return html`<ol class="why">${chain.map(link)}</ol>`;
  return html`<ol class="why">
    ${chain.slice(0, SHOWN - 1).map(link)}
    <li><span></span><div class="step rule">… ${skipped} links between …</div></li>
    ${chain.slice(-1).map(link)}
  </ol>`;
}
