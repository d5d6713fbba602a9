/**
 * Holds captures of many runs up to tshark: every packet is there and whole, tshark says of it what its rules make of the
 * log's packets (`analyst.ts`), and that means what the log means (`agreement.ts`).
 */
import type { Log } from '../../src/sim/trace/log.ts';
import { isMalformed } from '../../src/sim/wire/malformed.ts';
import { type Seen, seenAt } from '../../src/views/capture.ts';
import { pcapng } from '../../src/views/pcapng.ts';
import { disagreements, factsOfPackets } from './agreement.ts';
import { Analyst, type Flag } from './analyst.ts';
import { moved } from './move.ts';
import { dissect, type Row } from './tshark.ts';

/** A run as one of its hosts saw it. */
export interface Sample {
  label: string;
  log: Log;
  host: number;
}

export interface Verdict {
  packets: number;
  /** What is wrong, one line each. */
  faults: string[];
  /** How often tshark said what, and how often an exception explained why it meant something else than the log. */
  flags: Map<Flag, number>;
  exceptions: Map<string, number>;
}

/** Captures in one run of tshark: enough to make its start cheap, few enough to hold its answer. */
const AT_ONCE = 400;

/** Judges what each host of each run saw. @param change may spoil a capture, to see that it is noticed */
export async function judge(samples: readonly Sample[], change = (file: Uint8Array) => file): Promise<Verdict> {
  const verdict: Verdict = { packets: 0, faults: [], flags: new Map(), exceptions: new Map() };
  for (let from = 0; from < samples.length; from += AT_ONCE) {
    const batch = samples.slice(from, from + AT_ONCE);
    const files = batch.map(({ log, host }, i) => moved(change(pcapng(log, { host })), i));
    const rows = await dissect(files);
    for (const sample of batch) {
      const seen = seenAt(sample.log, sample.host);
      judgeOne(sample, seen, rows.splice(0, seen.length), verdict);
    }
    if (rows.length > 0) verdict.faults.push(`${rows.length} packets more than the logs have`);
  }
  return verdict;
}

function judgeOne({ label, log, host }: Sample, seen: readonly Seen[], rows: readonly Row[], verdict: Verdict): void {
  const analyst = new Analyst();
  const facts = factsOfPackets(log);
  verdict.packets += seen.length;
  let damaged = false;
  for (const [i, one] of seen.entries()) {
    const row = rows[i];
    const say = (text: string) => verdict.faults.push(`${label}, host ${host}, frame ${i + 1}: ${text}`);
    if (row?.packet !== one.packet.n) {
      say(`packet ${one.packet.n} of the log is ${row?.packet ?? 'none'} in the capture`);
      return;
    }
    if (one.direction === 'in' && one.packet.damaged >= 0) {
      // what a damaged header does to an analysis is nobody's truth: the rest of this capture is not analysed
      const noticed = row.faults !== '' || row.checksums.some((status) => status !== 'good');
      if (!noticed && !unprotected(one))
        say(`the damage of bit ${one.packet.damaged} is not noticed: ${JSON.stringify([row.checksums, row.faults])}`);
      damaged = true;
      continue;
    }
    // of a segment that an error quotes in part tshark takes the checksum over that part, and finds it wrong
    const quotes = one.packet.words.startsWith('ICMP') && row.faults === 'expert error';
    if (row.faults !== '' && !quotes) say(row.faults);
    for (const [k, status] of row.checksums.entries())
      if (status !== 'good') say(`${k ? 'transport' : 'IP'} checksum: ${status}`);
    if (damaged || one.packet.words.startsWith('ICMP')) continue;
    const fact = facts.get(one.packet.n);
    if (isMalformed(one.packet.parsed) || !fact) {
      say(`the log has no segment here: ${one.packet.words}`);
      continue;
    }
    const { flags, case: rests } = analyst.analyse(one.packet.parsed, one.time);
    const [expected, said] = [flags, row.flags].map((set) => [...set].sort().join(', '));
    if (expected !== said) say(`tshark says [${said}], its rules say [${expected}]`);
    for (const flag of row.flags) count(verdict.flags, flag);
    for (const { agreement, exception } of disagreements({ fact, seen: one, flags: row.flags, case: rests })) {
      if (exception) count(verdict.exceptions, `${agreement}: ${exception}`);
      else say(`not so: ${agreement}. tshark says [${said}], the log ${JSON.stringify(fact)}`);
    }
  }
}

/**
 * IPv6 has no header checksum: nobody can tell that its traffic class, flow label or hop limit are damaged, and where its
 * length says more than was captured tshark goes by what was.
 */
function unprotected({ packet: { parsed, damaged } }: Seen): boolean {
  const six = !isMalformed(parsed) && parsed.ip.src.family === 6;
  return six && ((damaged >= 4 && damaged < 48) || (damaged >= 56 && damaged < 64));
}

const count = <K>(counts: Map<K, number>, key: K): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
