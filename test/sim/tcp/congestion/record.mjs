/**
 * `node test/sim/tcp/congestion/record.mjs [NAME…]`: asks the kernel of this machine how its CUBIC behaves, and writes
 * `recorded/NAME.txt`, which recorded.test.ts holds our CUBIC to. Real packetdrill plays a peer whose acknowledgments
 * come at known times; the tracepoints tcp_probe and tcp_cong_state_set tell the window at each. CUBIC uses the fine
 * clock and the coarse one (jiffies), so there are two trace instances: one by each, though the coarse one tells hundredths
 * of a second only, from which the moments of its ticks are found. Needs Linux, root, tracefs, google/packetdrill
 * ($PACKETDRILL or PATH), CONFIG_HZ=250, and net.ipv4.tcp_allowed_congestion_control naming cubic. A busy machine delays
 * what packetdrill does, and a pause may then last a tick more or less than the traces show: record again.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'recorded');
const PACKETDRILL = process.env.PACKETDRILL ?? 'packetdrill';
const SEGMENT = 1000;
/** The tracepoints see every namespace: a port that nobody else uses. */
const PORT = 20_000 + (process.pid % 10_000);

const OPENING = `--tolerance_usecs=500000
\`sysctl -w net.ipv4.tcp_congestion_control=cubic
 sysctl -q net.ipv4.tcp_early_retrans=0
 sysctl -q net.ipv4.tcp_slow_start_after_idle=0
 sysctl -q net.ipv4.tcp_wmem="4096 4000000 16000000"
 ethtool -K tun0 tso off gso off\`
    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
   +0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
   +0 bind(3, ..., ...) = 0
   +0 listen(3, 1) = 0
   +0 < S 0:0(0) win 65535 <mss ${SEGMENT},sackOK,nop,nop,nop,wscale 10>
   +0 > S. 0:0(0) ack 1 <...>
 +.05 < . 1:1(0) ack 1 win 65535
   +0 accept(3, ..., ...) = 4
   +0 setsockopt(4, SOL_SOCKET, SO_SNDBUF, [7000000], 4) = 0
`;

/** A peer that acknowledges: lines of a script. */
class Peer {
  /** @type {string[]} */
  lines = [];
  acked = 0;

  /** @param {number} segments */
  write(segments) {
    this.lines.push(`+0 write(4, ..., ${segments * SEGMENT}) = ${segments * SEGMENT}`);
    return this;
  }

  /** @param {number} seconds */
  wait(seconds) {
    this.lines.push(`+${seconds} %{ 1 }%`);
    return this;
  }

  /**
   * `times` acknowledgments, `every` seconds one, each of `segments`.
   * @param {number} times
   * @param {number} every
   * @param {number} segments
   */
  acks(times, every, segments) {
    for (let i = 0; i < times; i++) {
      this.acked += segments;
      this.lines.push(`+${every} < . 1:1(0) ack ${this.at()} win 65535`);
    }
    return this;
  }

  /**
   * The next segment is lost; `times` acknowledgments say so until its repetition arrives.
   * @param {number} times
   * @param {number} every
   * @param {number} segments
   */
  loses(times, every, segments) {
    const hole = this.at();
    for (let i = 1; i <= times; i++) {
      const block = `${hole + SEGMENT}:${hole + SEGMENT * (1 + segments * i)}`;
      this.lines.push(`+${every} < . 1:1(0) ack ${hole} win 65535 <sack ${block},nop,nop>`);
    }
    this.acked += segments * times;
    return this.acks(1, every, 1);
  }

  at = () => 1 + this.acked * SEGMENT;
}

const SCENARIOS = {
  /** A bottleneck of 200 segments a second: the delay ends slow start; a loss, the curve up to the old window and beyond,
   *  and a loss before the old window was reached again. */
  losses: new Peer()
    .write(6500)
    .acks(250, 0.01, 2)
    .loses(29, 0.01, 2)
    .acks(900, 0.01, 2)
    .loses(54, 0.01, 2)
    .acks(150, 0.01, 2)
    .loses(47, 0.01, 2)
    .acks(700, 0.01, 2),
  /** Congestion avoidance, a pause of three seconds, an empty acknowledgment to tell the time, and on. */
  idle: new Peer()
    .write(468)
    .acks(150, 0.0103, 2)
    .loses(24, 0.0103, 2)
    .acks(59, 0.0103, 2)
    .acks(1, 0.0103, 1)
    .acks(1, 3, 0)
    .write(1500)
    .wait(0.05)
    .acks(500, 0.0103, 2),
  /** Acknowledgments close together, for longer than half the round trip: the train ends slow start. */
  train: new Peer()
    .write(600)
    .wait(0.06)
    .acks(5, 0.0005, 2)
    .wait(0.06)
    .acks(10, 0.0005, 2)
    .wait(0.06)
    .acks(100, 0.0015, 2),
};

/** @typedef {{ at: number, una: number, nxt: number, cwnd: number, ssthresh: number, state: number }} Event */

/**
 * @param {string} name
 * @param {Peer} peer
 */
function play(name, peer) {
  const work = mkdtempSync(join(tmpdir(), 'cubic-'));
  const script = join(work, `${name}.pkt`);
  writeFileSync(script, OPENING + peer.lines.join('\n'));
  /** @param {(clock: string) => string} commands */
  const each = (commands) => ['fine', 'coarse'].map((clock) => `cd ${work}/t/instances/${clock}\n${commands(clock)}`);
  const shell = [
    'set -e',
    `mkdir ${work}/t`,
    `mount -t tracefs nodev ${work}/t`,
    `mkdir -p ${work}/t/instances/fine ${work}/t/instances/coarse`,
    ...each(
      (clock) => `echo ${clock === 'fine' ? 'mono' : 'uptime'} > trace_clock
echo 8192 > buffer_size_kb
for e in tcp_probe tcp_cong_state_set; do echo 'sport==${PORT}' > events/tcp/$e/filter; echo 1 > events/tcp/$e/enable; done`,
    ),
    'ip link set lo up',
    `(cd ${work} && ${PACKETDRILL} --ip_version=ipv4 --local_ip=192.168.0.1 --gateway_ip=192.168.0.1 \
      --netmask_ip=255.255.0.0 --remote_ip=192.0.2.1 --bind_port=${PORT} ${script})`,
    ...each((clock) => `echo 0 > events/enable; cat trace > ${work}/${clock}`),
    `cd ${work}/t/instances; rmdir fine coarse`,
  ];
  execFileSync('unshare', ['--mount', '--net', 'sh', '-c', shell.join('\n')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return { fine: parse(join(work, 'fine'), 1e6), coarse: parse(join(work, 'coarse'), 1) };
}

/**
 * The events of a trace: time in microseconds or in hundredths of a second, and the window before.
 * @param {string} file
 * @param {number} unit of the times that are wanted, in one of those that are told
 */
function parse(file, unit) {
  /** @type {Event[]} */
  const rows = [];
  let state = 0;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, time, event, fields] = /\s([\d.]+): (tcp_probe|tcp_cong_state_set): (.*)/.exec(line) ?? [];
    if (!fields) continue;
    const field = (/** @type {string} */ name, base = 10) =>
      Number.parseInt(new RegExp(`\\b${name}=(?:0x)?(\\w+)`).exec(fields)?.[1] ?? '', base);
    if (event === 'tcp_cong_state_set') state = field('cong_state');
    else
      rows.push({
        at: Math.round(Number(time) * unit),
        una: field('snd_una', 16),
        nxt: field('snd_nxt', 16),
        cwnd: field('snd_cwnd'),
        ssthresh: field('ssthresh'),
        state,
      });
  }
  return rows;
}

const TICK = 4000;

/**
 * The tick of the coarse clock at each event, found from both clocks. A tick that the kernel was late to count makes a
 * few events disagree with any phase: there the coarse clock is believed.
 * @param {Event[]} fine
 * @param {Event[]} coarse
 */
function ticksOf(fine, coarse) {
  const hundredths = (/** @type {number} */ tick) => Math.floor((tick * TICK) / 10_000);
  const ahead = (/** @type {number} */ phase) =>
    fine.map(({ at }, i) => hundredths(Math.floor((at - phase) / TICK)) - (coarse[i]?.at ?? 0));
  let best = { agree: 0, base: 0, phases: [0] };
  for (let phase = 0; phase < 5 * TICK; phase += 5) {
    const all = ahead(phase);
    const base = [...all].sort((a, b) => a - b)[all.length >> 1] ?? 0;
    const agree = all.filter((one) => one === base).length;
    if (agree > best.agree) best = { agree, base, phases: [] };
    if (agree === best.agree) best.phases.push(phase);
  }
  const phase = best.phases[best.phases.length >> 1] ?? 0;
  console.log(`  ${fine.length - best.agree} ticks late, phase known to ${best.phases.length * 5} us`);
  return fine.map(({ at }, i) => {
    let tick = Math.floor((at - phase) / TICK);
    while (hundredths(tick) - (coarse[i]?.at ?? 0) > best.base) tick--;
    return tick;
  });
}

const STATES = ['Open', 'Disorder', 'CWR', 'Recovery', 'Loss'];

/**
 * One line per acknowledgment: when, by both clocks; segments outstanding before and acknowledged; window, threshold and
 * state after it.
 * @param {{ fine: Event[], coarse: Event[] }} traces
 */
function table({ fine, coarse }) {
  const ticks = ticksOf(fine, coarse);
  const since = (/** @type {number} */ i) => (((ticks[i] ?? 0) - (ticks[0] ?? 0)) * TICK) / 1000;
  return fine.slice(0, -1).map((now, i) => {
    const next = fine[i + 1] ?? now;
    const outstanding = ((now.nxt - now.una) >>> 0) / SEGMENT;
    const acked = ((next.una - now.una) >>> 0) / SEGMENT;
    const at = now.at - (fine[0]?.at ?? 0);
    return [at, since(i), outstanding, acked, next.cwnd, next.ssthresh, STATES[next.state]].join(' ');
  });
}

mkdirSync(FOLDER, { recursive: true });
const asked = process.argv.slice(2);
for (const [name, peer] of Object.entries(SCENARIOS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const rows = table(play(name, peer));
  const head = [
    `# Linux ${release().split('.').slice(0, 2).join('.')}, CUBIC, ${name}: by record.mjs.`,
    '# us, ms by the coarse clock, segments outstanding, of them acknowledged; cwnd, current ssthresh and state after that',
  ];
  writeFileSync(join(FOLDER, `${name}.txt`), `${[...head, ...rows].join('\n')}\n`);
  console.log(`${name}: ${rows.length} acknowledgments`);
}
