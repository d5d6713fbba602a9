/**
 * Random arrivals as packetdrill scripts, whose expectations are what the simulator did: it predicts, the real kernel
 * judges (`npm run oracle -- --arrivals N`). A script opens a connection and then plays bursts of segments in any order, cut
 * and repeated anyhow, with old timestamps, resets, urgent data and bare ACKs among them, and reads and shrinks the receive
 * buffer in between. Every segment that the simulator answered with stands in the script, window and options included.
 *
 * Between bursts all is quiet for longer than any ACK may wait, so that no timer of the kernel, whose clock ticks four
 * milliseconds at a time, falls between two arrivals. Each arrival that is not answered at once is followed by an old segment,
 * which is: so packetdrill takes what it has captured, and the kernel, which merges no packets that somebody else still
 * holds, may merge them. (One that it holds still is not merged with what waited behind it out of order: then, once in a
 * hundred scripts, a window is a little smaller than predicted.)
 */
import { run } from '../../src/packetdrill/run.ts';
import { Rng } from '../../src/sim/base/rng.ts';
import { type Seq, seqDiff, seqNumber } from '../../src/sim/base/seq.ts';
import { isMalformed } from '../../src/sim/wire/malformed.ts';
import { ACK, type Segment } from '../../src/sim/wire/tcp.ts';
import { packetsOf } from '../../src/views/packets.ts';

/** A line of a script with its time in seconds. */
interface Line {
  at: number;
  /** How long it may take. */
  slack: number;
  text: string;
  /** Of an arrival: the old segment that may follow. */
  probe?: string;
}

const OPENED = 0.11;
/** The timestamp of the peer's SYN. */
const CLOCK = 100_000;
/** What a program's read gives before the simulator was asked. */
const UNKNOWN = '?';

/** One connection and what happens to it. */
class Script {
  readonly #rng: Rng;
  readonly stamps: boolean;
  readonly sack: boolean;
  readonly buffer: number;
  readonly #full: number;
  readonly lines: Line[] = [];
  #at = OPENED;
  /** The peer's clock of timestamps. */
  #clock = CLOCK + 10;
  /** The first number that has not been sent, and the first that has not been received, as far as the peer knows. */
  #end = 1;
  #next = 1;
  readonly #sent: [from: number, to: number][] = [];

  constructor(seed: number) {
    this.#rng = new Rng(seed, 'arrivals');
    this.stamps = this.#chance(0.5);
    this.sack = this.#chance(0.8);
    this.buffer = this.#one([0, 0, 3000, 4096, 8192, 20_000]);
    this.#full = this.#one([100, 536, 1000, 1460]);
    for (let burst = this.#between(2, 6); burst > 0; burst--) this.#burst();
    this.#wait(1);
    this.#read(100_000);
  }

  #chance(p: number): boolean {
    return this.#rng.unit() < p;
  }
  #one<T>(list: readonly T[]): T {
    return list[this.#rng.below(list.length)] as T;
  }
  #between(low: number, high: number): number {
    return low + this.#rng.below(high - low + 1);
  }
  #wait(seconds: number): void {
    this.#at += seconds;
  }

  #line(text: string): void {
    this.lines.push({ at: this.#at, slack: 0, text });
  }

  #burst(): void {
    for (let i = this.#between(1, 6); i > 0; i--) {
      if (this.#chance(0.12)) this.#oddity();
      else this.#data();
      if (this.#chance(0.15)) {
        this.#wait(0.001);
        this.#read(this.#one([10, 500, 3000, 100_000]));
      }
      if (this.#chance(0.06)) {
        this.#wait(0.001);
        this.#line(`setsockopt(4, SOL_SOCKET, SO_RCVBUF, [${this.#one([1000, 3000, 6000])}], 4) = 0`);
      }
      this.#wait(this.#one([0.003, 0.005]));
    }
    this.#wait(0.6);
  }

  #read(length: number): void {
    this.#line(`recv(4, ..., ${length}, MSG_DONTWAIT) = ${UNKNOWN}`);
  }

  /** The timestamps option of the next segment: mostly newer than the last, now and then older. */
  #stamp(): string {
    if (!this.stamps) return '';
    if (this.#chance(0.75)) this.#clock += this.#between(0, 30);
    const old = this.#chance(0.75) ? 0 : this.#one([1, this.#between(2, 60), 300, 5000]);
    return ` <nop,nop,TS val ${this.#clock - old} ecr 100>`;
  }

  #inbound(flags: string, from: number, to: number, rest: string): void {
    const stamp = this.stamps ? ` <nop,nop,TS val ${this.#clock} ecr 100>` : '';
    const probe = `< . 0:0(0) ack 1 win 1000${stamp}`;
    this.lines.push({ at: this.#at, slack: 0, text: `< ${flags} ${from}:${to}(${to - from}) ${rest}`, probe });
  }

  #data(): void {
    const full = this.#full;
    const kind = this.#rng.unit();
    let from = this.#chance(0.6) ? this.#end : this.#next;
    let length = full;
    if (kind > 0.9) {
      from = this.#next;
      length = this.#between(1, 2000);
    } else if (kind > 0.7) {
      from = Math.max(1, this.#between(this.#next - 2000, this.#end + 500));
      length = this.#between(1, 1460);
    } else if (kind > 0.45) {
      from = this.#end + this.#one([0, full, 2 * full, this.#between(1, 3000)]);
      length = this.#one([full, this.#between(1, 1460)]);
    }
    const urgent = this.#chance(0.04);
    const flags = `${urgent ? 'U' : ''}${this.#chance(0.01) ? 'F' : ''}${this.#chance(0.3) ? 'P' : ''}.`;
    const window = this.#chance(0.95) ? 1000 : this.#between(500, 2000);
    const pointer = urgent ? ` urg ${this.#between(1, length + 50)}` : '';
    this.#inbound(flags, from, from + length, `ack 1 win ${window}${pointer}${this.#stamp()}`);
    this.#sent.push([from, from + length]);
    this.#end = Math.max(this.#end, from + length);
    for (const [start, end] of this.#sent) if (start <= this.#next && this.#next < end) this.#next = end;
  }

  /** Something that carries no data. */
  #oddity(): void {
    const near = Math.max(1, this.#next + this.#between(-3, 3));
    const kind = this.#rng.below(4);
    if (kind === 0) {
      const at = this.#one([this.#next + this.#between(1, 2000), this.#end + 1, this.#next + 50_000]);
      this.#inbound('R', at, at, 'win 0');
    } else if (kind === 1) {
      this.#inbound('F', this.#next, this.#next, `win 1000${this.#stamp()}`);
    } else {
      const ack = this.#one([1, 1, 5000, 0]);
      this.#inbound('.', near, near, `ack ${ack} win ${this.#one([1000, 2000])}${this.#stamp()}`);
    }
  }
}

/** The socket calls and the handshake. */
function opening({ stamps, sack, buffer }: Script): string {
  const permitted = sack ? 'sackOK' : 'nop,nop';
  const offered = stamps
    ? `mss 1460,${permitted},TS val ${CLOCK} ecr 0,nop,wscale 7`
    : `mss 1460,${sack ? 'sackOK,nop,nop,' : ''}nop,wscale 7`;
  const answer = stamps ? `mss 1460,${permitted},TS val 100 ecr ${CLOCK},nop,wscale ${buffer > 0 ? 0 : 7}` : '...';
  const locked = buffer > 0 ? `+0 setsockopt(3, SOL_SOCKET, SO_RCVBUF, [${buffer}], 4) = 0\n` : '';
  return `\`sysctl -q net.ipv4.tcp_congestion_control=reno
 sysctl -q net.ipv4.tcp_rmem="4096 131072 6291456"
 sysctl -q net.ipv4.tcp_invalid_ratelimit=0\`

0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
${locked}+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+.1 < S 0:0(0) win 65535 <${offered}>
+0 > S. 0:0(0) ack 1 <${answer}>
+${(OPENED - 0.1).toFixed(2)} < . 1:1(0) ack 1 win 1000${stamps ? ` <nop,nop,TS val ${CLOCK + 10} ecr 100>` : ''}
+0 accept(3, ..., ...) = 4

`;
}

const time = (at: number): string => at.toFixed(4);

const textOf = (script: Script, lines: readonly Line[]): string =>
  opening(script) +
  lines.map(({ at, slack, text }) => `${time(at)}${slack > 0 ? `~${time(at + slack)}` : ''} ${text}\n`).join('');

/** Errors as packetdrill writes them. */
const ERRORS: Readonly<Record<string, string>> = {
  EAGAIN: '-1 EAGAIN (Resource temporarily unavailable)',
  ECONNRESET: '-1 ECONNRESET (Connection reset by peer)',
};

/** Runs a script again and again, each time with one more read's result, until it tells of no read that went otherwise. */
function settle(script: Script): void {
  const first = opening(script).split('\n').length;
  for (const line of script.lines) line.text = line.text.replace(UNKNOWN, '0');
  for (;;) {
    const { outcome } = run(textOf(script, script.lines));
    if (outcome.end === 'passed') return;
    if (outcome.end !== 'failed') throw new Error(`${outcome.what} at line ${outcome.line}`);
    const given = outcome.compared.find(({ field }) => field === 'result')?.actual;
    const line = script.lines[outcome.line - first];
    if (given === undefined || !line) throw new Error(`${outcome.what} at line ${outcome.line}`);
    const [, errno = ''] = given.split(' ');
    line.text = line.text.replace(/= .*/, `= ${ERRORS[errno] ?? given}`);
  }
}

/** A segment of the host as an expectation. `iss`, `base`: sequence number and timestamp of its SYN,ACK, which scripts call 0 and 100. */
function expectation({ seq, flags, ack, window, options }: Segment, iss: Seq, base: number): string {
  const at = seqDiff(seq, iss);
  const letters = ['F', 'S', 'R', 'P', '.'].filter((_, bit) => flags & (1 << bit)).join('');
  const { timestamps, sack = [] } = options;
  const list = [
    ...(timestamps ? [`nop,nop,TS val ${100 + timestamps.val - base} ecr ${timestamps.ecr}`] : []),
    ...(sack.length > 0
      ? [`nop,nop,sack ${sack.map(({ left, right }) => `${seqNumber(left)}:${seqNumber(right)}`).join(' ')}`]
      : []),
  ];
  const acked = flags & ACK ? ` ack ${seqNumber(ack)} win ${window}` : '';
  return `> ${letters} ${at}:${at}(0)${acked}${list.length > 0 ? ` <${list.join(',')}>` : ''}`;
}

/** How late the kernel's timers may be: their clock ticks every 4 ms, and the machine is busy. */
const LATE = 0.012;

/** What the host sends, with the SYN,ACK first. */
function answers(script: Script): { at: number; segment: Segment }[] {
  settle(script);
  const { log } = run(textOf(script, script.lines));
  if (!log) throw new Error('nothing was run');
  return packetsOf(log).flatMap(({ from, time: sent, parsed }) =>
    from !== 0 || isMalformed(parsed) ? [] : [{ at: sent / 1e9, segment: parsed.segment }],
  );
}

const same = (a: number, b: number): boolean => Math.abs(a - b) < 1e-6;
/** An old segment comes so long after the arrival that was not answered. */
const SOON = 0.0005;

/** Puts old segments behind arrivals that are not answered; one changes what follows, so one after the other. */
function probe(script: Script): void {
  const { lines } = script;
  for (let i = 0; i < lines.length; i++) {
    const { at, probe: text } = lines[i] as Line;
    if (text === undefined || answers(script).some((answer) => same(answer.at, at))) continue;
    lines.splice(i + 1, 0, { at: at + SOON, slack: 0, text });
  }
}

/** The script of a seed, with all that the simulator answers. */
export function arrivals(seed: number): string {
  const script = new Script(seed);
  probe(script);
  const [synAck, ...sent] = answers(script);
  if (!synAck) throw new Error('no handshake');
  const { seq: iss, options } = synAck.segment;
  const base = options.timestamps?.val ?? 0;
  const lines: Line[] = [];
  const left = [...script.lines];
  for (const { at, segment } of sent) {
    while (left[0] && left[0].at < at + 1e-6) lines.push(left.shift() as Line);
    const prompt = lines.some((line) => line.slack === 0 && same(line.at, at));
    lines.push({ at, slack: prompt ? 0 : LATE, text: expectation(segment, iss, base) });
  }
  return textOf(script, [...lines, ...left]);
}
