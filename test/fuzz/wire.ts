/**
 * The rules of the packets in a log, as someone would judge them who watches the wires and knows nothing else: whole and
 * with right checksums, no larger than the path takes, data as it was written, never beyond the window that the other end
 * offered, acknowledgments only of what came, and nothing sent again for ever.
 */
import { type Seq, seqDiff } from '../../src/sim/base/seq.ts';
import type { Event } from '../../src/sim/trace/schema.ts';
import { endpointText } from '../../src/sim/wire/address.ts';
import { isMalformed } from '../../src/sim/wire/malformed.ts';
import { parseTcpIp } from '../../src/sim/wire/packet.ts';
import { ACK, RST, type Segment, SYN, segmentLength } from '../../src/sim/wire/tcp.ts';
import { matches } from './pattern.ts';
import { mayShrink } from './plan.ts';
import type { Played } from './play.ts';

/**
 * A stretch may be sent so often: net.ipv4.tcp_retries2 and fast retransmissions on a path that loses one in five. Into a
 * window that was taken back it is sent for as long as the other end answers (tcp_retransmit_timer).
 */
const MOST_TIMES = 40;
const LOOPBACK_MTU = 65_536;

/** One end of a connection, as its packets tell of it. All positions count from its own or the other's ISS. */
interface End {
  iss: Seq;
  /** The other's ISS, once its SYN has come. */
  irs: Seq | undefined;
  /** Shift of the windows that this end advertises, from its SYN; undefined: it sent no such option. */
  scale: number | undefined;
  /** The same of the other end. */
  peerScale: number | undefined;
  /** Just past the last sequence number that has come. */
  arrived: number;
  /** How far the other end's window has ever reached. */
  edge: number;
  /** The right edge that this end advertised last. */
  advertised: number;
  /** The last window that arrived is zero. */
  closed: boolean;
  /** How often each position was sent. */
  times: Map<number, number>;
  /** Stream number of what it writes; -1: of no talk. */
  stream: number;
}

interface Sent {
  segment: Segment;
  /** '10.0.0.1:20000>10.0.0.100:80' */
  way: string;
  ended: number;
}

export class Wire {
  readonly #played: Played;
  readonly #say: (text: string) => void;
  readonly #ends = new Map<number, End>();
  readonly #packets = new Map<number, Sent>();
  readonly #mtus = new Map<number, number>();
  /** The last SYN that came for a listener, by who sent it to whom. */
  readonly #syns = new Map<string, Segment>();

  constructor(played: Played, say: (text: string) => void) {
    this.#played = played;
    this.#say = say;
  }

  take(event: Event): void {
    switch (event.kind) {
      case 'link.up':
        this.#mtus.set(event.link, event.mtu);
        break;
      case 'packet.sent':
        this.#sent(event.n, event.sock, event.bytes, this.#mtus.get(event.link) ?? LOOPBACK_MTU);
        break;
      case 'packet.arrived': {
        const packet = this.#packets.get(event.packet);
        if (!packet) {
          this.#say(`packet ${event.packet} arrives and was not sent`);
          break;
        }
        packet.ended++;
        const end = this.#ends.get(event.sock);
        const { segment } = packet;
        if (segment.flags & SYN) this.#syns.set(packet.way, segment); // perhaps a listener makes a connection of it
        const another = segment.flags & SYN && end?.irs !== undefined && seqDiff(segment.seq, end.irs) !== 0;
        if (end && !another) this.#arrived(end, segment);
        break;
      }
      case 'packet.dropped': {
        const packet = this.#packets.get(event.packet);
        if (packet) packet.ended++;
        break;
      }
    }
  }

  #sent(n: number, sock: number, bytes: Uint8Array, mtu: number): void {
    const parsed = parseTcpIp(bytes);
    if (isMalformed(parsed)) {
      this.#say(`packet ${n} is malformed: ${parsed.malformed}`);
      return;
    }
    const { segment, ip } = parsed;
    const from = endpointText(ip.src, segment.srcPort);
    const to = endpointText(ip.dst, segment.dstPort);
    this.#packets.set(n, { segment, way: `${from}>${to}`, ended: 0 });
    if (bytes.length > mtu) this.#say(`packet ${n} has ${bytes.length} bytes on a path of ${mtu}`);
    if (sock === 0) return;
    const wrong = (text: string) => this.#say(`packet ${n} of socket ${sock}: ${text}`);
    let end = this.#ends.get(sock);
    if (segment.flags & SYN && (!end || seqDiff(end.iss, segment.seq) !== 0)) {
      end = newEnd(segment, this.#streamOf(n, from, to));
      this.#ends.set(sock, end);
      const asked = this.#syns.get(`${to}>${from}`);
      if (segment.flags & ACK && asked) this.#arrived(end, asked);
    }
    if (!end) {
      if (!(segment.flags & RST)) wrong('comes before a SYN');
      return;
    }
    const start = seqDiff(segment.seq, end.iss);
    const stop = start + segmentLength(segment);
    if (stop > start && !(segment.flags & RST)) {
      // while the peer's window is closed Linux goes on for as long as the peer answers (tcp_retransmit_timer, tcp_probe_timer)
      const times = end.closed ? 0 : (end.times.get(start) ?? 0) + 1;
      end.times.set(start, times);
      if (times === MOST_TIMES + 1 && !mayShrink(this.#played.plan))
        wrong(`position ${start} is sent for the ${times}th time`);
    }
    if (end.stream < 0) end.stream = this.#streamOf(n, from, to);
    if (segment.payload.length > 0) {
      const past = start + segment.payload.length;
      if (past > end.edge) wrong(`data up to ${past}, the other end has room up to ${end.edge}`);
      if (end.stream >= 0 && !matches(end.stream, start - 1, segment.payload))
        wrong(`its bytes from ${start} on are not those that were written`);
    }
    if (segment.flags & ACK) this.#acknowledges(end, segment, wrong);
  }

  #acknowledges(end: End, segment: Segment, wrong: (text: string) => void): void {
    if (end.irs === undefined) {
      if (!(segment.flags & RST)) wrong('it acknowledges, and nothing has come');
      return;
    }
    const acked = seqDiff(segment.ack, end.irs);
    if (acked > end.arrived) wrong(`it acknowledges ${acked}, only ${end.arrived} has come`);
    for (const { right } of segment.options.sack ?? []) {
      const edge = seqDiff(right, end.irs);
      if (edge > end.arrived) wrong(`it selectively acknowledges ${edge}, only ${end.arrived} has come`);
    }
    if (segment.flags & (RST | SYN)) return;
    const scale = end.scale !== undefined && end.peerScale !== undefined ? end.scale : 0;
    const edge = acked + (segment.window << scale);
    if (edge < end.advertised && segment.window !== 0 && !mayShrink(this.#played.plan))
      wrong(`its window goes back from ${end.advertised} to ${edge}`);
    // without memory Linux takes all of the window back, and opens it again from there (tcp_select_window)
    end.advertised = segment.window === 0 ? edge : Math.max(edge, end.advertised);
  }

  #arrived(end: End, segment: Segment): void {
    const crossed = segment.flags & SYN && end.irs !== undefined;
    if (segment.flags & SYN) {
      const answers =
        !(segment.flags & ACK) || (seqDiff(segment.ack, end.iss) > 0 && seqDiff(segment.ack, end.iss) < 65_536);
      if (end.irs === undefined && !answers) return; // the SYN,ACK of an earlier connection
      end.irs ??= segment.seq;
      end.peerScale = segment.options.windowScale;
    }
    if (end.irs === undefined) return;
    if (!(segment.flags & RST))
      end.arrived = Math.max(end.arrived, seqDiff(segment.seq, end.irs) + segmentLength(segment));
    if (!(segment.flags & ACK)) {
      end.edge = Math.max(end.edge, 1 + segment.window);
      return;
    }
    // after SYNs that crossed, Linux scales the window of the SYN,ACK too (tcp_input.c tcp_rcv_state_process)
    const scaled = (crossed || !(segment.flags & SYN)) && end.scale !== undefined && end.peerScale !== undefined;
    const room = scaled ? segment.window << Math.min(end.peerScale as number, 14) : segment.window;
    end.closed = room === 0;
    end.edge = Math.max(end.edge, seqDiff(segment.ack, end.iss) + room);
  }

  /** What the socket with these names writes, at event `n`; -1: nobody knows. */
  #streamOf(n: number, from: string, to: string): number {
    const talkOf = (name: string) => this.#played.names.get(name)?.findLast(({ since }) => since <= n)?.talk;
    const opened = talkOf(from);
    if (opened !== undefined) return 2 * opened;
    const accepted = talkOf(to);
    return accepted === undefined ? -1 : 2 * accepted + 1;
  }

  end(): void {
    let open = 0;
    for (const { ended } of this.#packets.values()) if (ended === 0) open++;
    if (open > 0) this.#say(`${open} packets neither arrived nor were dropped`);
  }
}

const newEnd = (syn: Segment, stream: number): End => ({
  iss: syn.seq,
  irs: undefined,
  scale: syn.options.windowScale,
  peerScale: undefined,
  arrived: 0,
  edge: 0,
  advertised: 0,
  closed: false,
  times: new Map(),
  stream,
});
