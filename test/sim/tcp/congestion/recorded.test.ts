/**
 * CUBIC of the real kernel, acknowledgment by acknowledgment (record.mjs wrote it down): ours must have the same window
 * and the same threshold after each. What loss recovery does meanwhile is taken from the record.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seqAdd } from '../../../../src/sim/base/seq.ts';
import { ms, type Time, us } from '../../../../src/sim/base/time.ts';
import type { CaState } from '../../../../src/sim/tcp/congestion/control.ts';
import { CUBIC } from '../../../../src/sim/tcp/congestion/cubic.ts';
import { updatePacingRate } from '../../../../src/sim/tcp/congestion/pacing.ts';
import { currentSsthresh } from '../../../../src/sim/tcp/congestion/validation.ts';
import { fill, flowOf, type TestFlow } from './kit.ts';

const FOLDER = join(import.meta.dirname, 'recorded');
/** The recorded kernel's coarse clock ticks 250 times a second, ours 1000 times: round trips are told in its ticks. */
const TICK_US = 4000;

interface Row {
  us: number;
  ms: number;
  outstanding: number;
  acked: number;
  cwnd: number;
  ssthresh: number;
  state: CaState;
}

function read(name: string): Row[] {
  const lines = readFileSync(join(FOLDER, `${name}.txt`), 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [us, ms, outstanding, acked, cwnd, ssthresh, state] = line.split(' ');
    if (line === '' || line.startsWith('#')) return [];
    return {
      us: Number(us),
      ms: Number(ms),
      outstanding: Number(outstanding),
      acked: Number(acked),
      cwnd: Number(cwnd),
      ssthresh: Number(ssthresh),
      state: state as CaState,
    };
  });
}

/** A sender that follows the record: when did each segment leave? */
class Sender {
  readonly flow: TestFlow;
  /** When segments left, in microseconds of the fine clock. */
  readonly left: number[] = [];
  una = 0;
  exact: boolean;

  constructor(exact: boolean, firstRtt: number, written: number) {
    this.exact = exact;
    this.written = written;
    this.flow = flowOf(CUBIC, ms(1000));
    this.send({ us: -firstRtt, ms: Math.floor(-firstRtt / 1000) });
  }

  /** The clock that counts where the record is compared. */
  at = (row: Pick<Row, 'us' | 'ms'>): Time => (this.exact ? us(1e6 + row.us) : ms(1000 + row.ms));

  /** The program has written so many segments so far. */
  written: number;

  send(row: Pick<Row, 'us' | 'ms'>): void {
    fill(this.flow, this.at(row), this.written - this.left.length);
    while (this.left.length - this.una < this.flow.counts.packetsOut) this.left.push(row.us);
  }

  /** @returns the round trip of the newest segment acknowledged, in microseconds */
  take(row: Row): number {
    const { flow } = this;
    flow.snd.nxt = seqAdd(flow.snd.una, row.outstanding * flow.snd.mss); // large packets may leave a little later
    this.una += row.acked;
    while (this.left.length < this.una) this.left.push(row.us);
    flow.snd.una = seqAdd(flow.snd.una, row.acked * flow.snd.mss);
    flow.counts.packetsOut = this.left.length - this.una;
    const rtt = row.us - (this.left[this.una - 1] ?? row.us);
    flow.rtt.srtt8 = 8 * rtt; // near enough for the pacing rate
    return this.exact ? rtt : Math.ceil(rtt / TICK_US) * TICK_US;
  }
}

/** What the record does not tell: how it was made. */
interface Told {
  exact: boolean;
  /** From the first data to the first acknowledgment, in microseconds. */
  firstRtt: number;
  /** Segments that the program wrote before its pause; all, when it is undefined. */
  written?: number;
}

/** Every acknowledgment at which ours differs from the record. */
function differences(name: string, { exact, firstRtt, written }: Told): string[] {
  const sender = new Sender(exact, firstRtt, written ?? Number.POSITIVE_INFINITY);
  const { flow } = sender;
  const { cc } = flow;
  const out: string[] = [];
  let held = 0; // segments that the peer holds beyond the hole
  for (const row of read(name)) {
    if (exact && cc.cwnd >= cc.ssthresh) break; // congestion avoidance needs the coarse clock
    if (row.acked === 0 && row.state === 'Open') sender.written = Number.POSITIVE_INFINITY; // the pause ends
    const rtt = sender.take(row);
    const now = sender.at(row);
    const delivered = row.acked - held;
    held = row.acked > 0 ? 0 : held + 2;
    if (row.state === 'Recovery') {
      if (cc.state !== 'Recovery') {
        cc.priorCwnd = cc.cwnd;
        cc.ssthresh = CUBIC.ssthresh(flow, now);
        cc.state = 'Recovery';
      }
      cc.cwnd = row.cwnd; // proportional rate reduction's work
    } else if (row.state === 'Open') {
      if (cc.state === 'Recovery') {
        cc.state = 'Open';
        cc.cwnd = cc.ssthresh;
        cc.count = 0;
        CUBIC.avoid?.(flow, delivered, now);
      } else if (row.acked > 0) {
        CUBIC.acked?.(flow, row.acked, rtt, cc.cwnd, now);
        CUBIC.avoid?.(flow, row.acked, now);
        updatePacingRate(flow, 200, 120, Number.POSITIVE_INFINITY);
      }
      sender.send(row);
    }
    const ours = `${cc.cwnd} ${currentSsthresh(flow)}`;
    const theirs = `${row.cwnd} ${row.ssthresh}`;
    if (ours !== theirs) out.push(`at ${row.us} us: kernel ${theirs}, ours ${ours}`);
  }
  return out;
}

describe('CUBIC as the kernel was seen to behave', () => {
  it('has the same window after losses: towards the old window, around it, beyond it, and when a loss came early', () => {
    assert.deepEqual(differences('losses', { exact: false, firstRtt: 10_000 }), []);
  });

  it('has the same window after a pause', () => {
    assert.deepEqual(differences('idle', { exact: false, firstRtt: 10_000, written: 468 }), []);
  });

  it('leaves slow start at the same acknowledgment of a train', () => {
    assert.deepEqual(differences('train', { exact: true, firstRtt: 60_500 }), []);
  });

  it('of records that show what they are for', () => {
    assert.ok(readdirSync(FOLDER).length >= 3);
    const losses = read('losses');
    assert.equal(losses.filter((row, i) => row.state === 'Recovery' && losses[i - 1]?.state !== 'Recovery').length, 3);
    assert.ok(read('train').some((row) => row.cwnd > row.ssthresh));
    const idle = read('idle');
    assert.ok(idle.some((row, i) => row.us - (idle[i - 1]?.us ?? 0) > 3e6));
  });
});
