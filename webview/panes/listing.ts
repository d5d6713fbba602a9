/**
 * The texts that people know: strace, tcpdump, ss. A line is there from its event on; what the last step did is lit.
 */
import { css, html, type TemplateResult } from 'lit';
import { classMap } from 'lit/directives/class-map.js';
import { seconds } from '../../src/sim/base/time.ts';
import { ss } from '../../src/views/ss.ts';
import { strace } from '../../src/views/strace.ts';
import { tcpdump } from '../../src/views/tcpdump.ts';
import { Pane } from './pane.ts';

interface Row {
  n: number;
  /** The event that the row's last words tell of. */
  latest: number;
  cells: readonly string[];
  failed?: boolean;
}

abstract class Listing extends Pane {
  static override styles = [
    ...Pane.styles,
    css`
      .scroll { max-height: 260px; overflow: auto; scrollbar-width: thin; }
      table { border-collapse: collapse; font: 11.5px/1.55 var(--mono); font-variant-numeric: tabular-nums; width: 100%; }
      td, th { padding: 0 14px 0 0; text-align: left; white-space: pre; vertical-align: top; }
      td:last-child { width: 100%; white-space: pre-wrap; overflow-wrap: anywhere; }
      th { font-weight: 400; color: var(--dim); }
      tr.past td { color: var(--dim); }
      tr.now td { color: var(--ink); font-weight: 600; box-shadow: inset 0 1px var(--hairline), inset 0 -1px var(--hairline); }
      tr.now td:first-child::before { content: '▸'; position: absolute; margin-left: -9px; }
      tr.failed td:last-child { color: var(--lost-text); }
      tr:focus-visible { outline: 1px solid var(--accent); outline-offset: -1px; }
      tbody td:first-child { padding-left: 10px; }
    `,
  ];

  protected abstract heading: string;
  protected abstract nothing: string;
  protected abstract rows(): { head: readonly string[]; rows: readonly Row[] };

  protected override draw(): TemplateResult {
    const { head, rows } = this.rows();
    const shown = rows.filter((row) => this.tense(row.n) !== 'future');
    if (shown.length === 0) return html`<p class="empty">${this.nothing}</p>`;
    const cell = (text: string) => html`<td>${text}</td>`;
    return this.figure(
      () => '',
      html`<div class="scroll" tabindex="0" role="region" aria-label=${this.heading}>
        <table>
          ${head.length > 0 ? html`<thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>` : ''}
          <tbody>
            ${shown.map((row) => html`<tr class=${classMap({ mark: true, [this.tense(row.latest)]: true, failed: row.failed ?? false })} data-n=${row.n}>${row.cells.map(cell)}</tr>`)}
          </tbody>
        </table>
      </div>`,
    );
  }

  protected override updated(changed: Map<PropertyKey, unknown>): void {
    super.updated(changed);
    const scroll = this.renderRoot.querySelector('.scroll');
    const lit = [...this.renderRoot.querySelectorAll<HTMLElement>('tr.now')].at(-1);
    if (!scroll || !lit) return;
    const bottom = lit.offsetTop + lit.offsetHeight;
    if (bottom > scroll.scrollTop + scroll.clientHeight || lit.offsetTop < scroll.scrollTop) {
      scroll.scrollTop = bottom - scroll.clientHeight;
    }
  }
}

/** System calls, as strace prints them. */
export class StracePane extends Listing {
  protected override heading = 'System calls';
  protected override nothing = 'No system call was made yet.';
  protected override rows() {
    const model = strace.model(this.run.log, this.at);
    const rows = model.lines.map(({ n, done, who, time, text, head, failed }): Row => {
      const whole = done >= 0 && this.tense(done) !== 'future';
      return { n, latest: whole ? done : n, cells: [who, seconds(time), whole ? text : head], failed: whole && failed };
    });
    return { head: [], rows };
  }
}

/** Packets, as tcpdump prints them. */
export class TcpdumpPane extends Listing {
  protected override heading = 'Packets';
  protected override nothing = 'No packet was seen yet.';
  protected override rows() {
    const model = tcpdump.model(this.run.log, this.at);
    return { head: [], rows: model.lines.map(({ n, text }): Row => ({ n, latest: n, cells: [text] })) };
  }
}

/** Sockets, as ss prints them. */
export class SsPane extends Listing {
  protected override heading = 'Sockets';
  protected override nothing = 'There is no socket.';
  protected override rows() {
    const { rows, hosts } = ss.model(this.run.log, this.at);
    const host = (index: number) => hosts.find((each) => each.host === index)?.name ?? '';
    return {
      head: ['Host', 'State', 'Recv-Q', 'Send-Q', 'Local', 'Peer'],
      rows: rows.map(
        ({ n, host: index, state, recvQ, sendQ, local, peer, timer }): Row => ({
          n,
          latest: n,
          cells: [host(index), state, String(recvQ), String(sendQ), local, timer ? `${peer}  ${timer}` : peer],
        }),
      ),
    };
  }
}
