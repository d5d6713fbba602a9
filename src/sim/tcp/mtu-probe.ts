/**
 * Packetization layer path MTU discovery (RFC 4821; Linux tcp_output.c tcp_mtu_probe, tcp_input.c tcp_mtup_probe_success):
 * a segment larger than the others asks the path itself what it takes, where routers say nothing. One that arrives raises
 * the MSS; one that alone is lost lowers the bound of the search; timeouts make it small (a black hole).
 */
import { seqAdd, seqDiff, seqLe, seqLt } from '../base/seq.ts';
import { s } from '../base/time.ts';
import { packetsInFlight } from './congestion/control.ts';
import { currentSsthresh } from './congestion/validation.ts';
import { mssOf, mtuOf, syncMss } from './mtu.ts';
import { sendNew, unsent } from './output.ts';
import { mustWait } from './pacing.ts';
import { hasBlocks } from './receive/sack.ts';
import { currentMss, setSegments, windowEnd } from './segmentation.ts';
import { newSkb, payloadLength, type Skb } from './send-queue.ts';
import type { Tcb } from './tcb.ts';
import { note, type Turn } from './turn.ts';

/** Segments of congestion window that a probe needs to be worth its loss. */
const LEAST_CWND = 11;

/** Sends a probe if it is time for one. @returns whether it left, 'wait' where it will soon, 'none' where it will not */
export function probeMtu(turn: Turn): 'sent' | 'wait' | 'none' {
  const { tcb } = turn;
  const { mtu, cc, snd, queue, loss, settings } = tcb;
  if (!mtu.searching || mtu.probe || cc.state !== 'Open' || cc.cwnd < LEAST_CWND || hasBlocks(tcb)) return 'none';
  const mss = currentMss(tcb);
  const size = mssOf(tcb, (mtu.high + mtu.low) >> 1);
  const needed = size + (loss.reordering + 1) * snd.mss;
  if (size > mssOf(tcb, mtu.high) || mtu.high - mtu.low < settings.probeThreshold) {
    searchAgain(turn);
    return 'none';
  }
  if (unsent(tcb) < needed || snd.wnd < needed) return 'none';
  if (seqLt(windowEnd(tcb), seqAdd(snd.nxt, needed))) return 'wait';
  const flying = packetsInFlight(tcb);
  if (flying + 2 > cc.cwnd) return flying === 0 ? 'none' : 'wait';
  if (!joinable(queue.unsent.head, size) || mustWait(turn)) return 'none';
  const probe = gather(tcb, size, mss);
  note(turn, `does the path take ${mtuOf(tcb, size)} bytes? probe`, '4821 7', 'tcp_output.c tcp_mtu_probe');
  cc.cwnd--; // it stands for two packets
  sendNew(turn, probe, size);
  mtu.probe = { size: mtuOf(tcb, payloadLength(probe)), from: probe.seq, to: probe.end };
  return 'sent';
}

/** The first unsent records may be joined to so many bytes (tcp_can_coalesce_send_queue_head). */
function joinable(head: Skb | undefined, size: number): boolean {
  let length = 0;
  for (let skb = head; skb && length < size; skb = skb.next) {
    length += payloadLength(skb);
    if (length < size && (skb.eor || skb.zerocopy !== skb.next?.zerocopy)) return false;
  }
  return length >= size;
}

/** A record at the head of the unsent, made of the first `size` bytes. */
function gather(tcb: Tcb, size: number, mss: number): Skb {
  const { queue } = tcb;
  const head = queue.unsent.head as Skb;
  const probe = newSkb(head.seq, seqAdd(head.seq, size));
  probe.memory += size;
  probe.zerocopy = head.zerocopy;
  for (let skb: Skb | undefined = head; skb && payloadLength(probe) > 0; ) {
    const next: Skb | undefined = skb.next;
    const left = seqDiff(probe.end, skb.seq);
    if (left <= 0) break;
    if (payloadLength(skb) <= left) queue.drop(queue.unsent, skb);
    else {
      queue.trimHead(skb, left);
      setSegments(skb, mss);
      break;
    }
    skb = next;
  }
  queue.entailFirst(probe);
  setSegments(probe, size);
  return probe;
}

/** Time for another search: what was too large once may pass now (tcp_mtu_check_reprobe). */
function searchAgain(turn: Turn): void {
  const { tcb, now } = turn;
  const { mtu, settings } = tcb;
  if (now - mtu.since < s(settings.probeInterval)) return;
  mtu.probe = undefined;
  mtu.high = tcb.snd.mssClamp + tcb.settings.receive.ipHeader + 20;
  mtu.low = mtuOf(tcb, tcb.snd.mss);
  mtu.since = now;
}

/** The probe was acknowledged: larger segments from now on, fewer of them (tcp_mtup_probe_success). */
export function probeArrived(turn: Turn): void {
  const { tcb, now } = turn;
  const { mtu, cc, snd } = tcb;
  if (!mtu.probe || !seqLe(mtu.probe.to, snd.una)) return;
  note(turn, `the path takes ${mtu.probe.size} bytes`, '4821 7.6', 'tcp_input.c tcp_mtup_probe_success');
  cc.priorSsthresh = currentSsthresh(tcb);
  cc.cwnd = Math.max(1, Math.floor((cc.cwnd * mtuOf(tcb, snd.mss)) / mtu.probe.size));
  cc.count = 0;
  cc.cwndStamp = now;
  cc.ssthresh = currentSsthresh(tcb);
  mtu.low = mtu.probe.size;
  mtu.probe = undefined;
  syncMss(tcb, mtu.path);
}

/** Whether what is lost is the probe alone: then the path does not take it, and nothing else is wrong. */
export function probeLost(turn: Turn): boolean {
  const { tcb } = turn;
  const { mtu, snd, cc } = tcb;
  if (!mtu.probe || seqDiff(snd.una, mtu.probe.from) !== 0) return false;
  note(turn, `the path does not take ${mtu.probe.size} bytes`, '4821 7.7', 'tcp_input.c tcp_mtup_probe_failed');
  mtu.high = mtu.probe.size - 1;
  mtu.probe = undefined;
  cc.cwnd++; // what the probe had taken
  return true;
}

/** Timeouts in a row: perhaps something swallows large packets without a word (tcp_timer.c tcp_mtu_probing). */
export function suspectBlackHole(turn: Turn): void {
  const { tcb, now } = turn;
  const { mtu, settings } = tcb;
  if (settings.mtuProbing === 0) return;
  if (!mtu.searching) {
    mtu.searching = true;
    mtu.since = now;
  } else {
    const half = mssOf(tcb, mtu.low) >> 1;
    const mss = Math.max(Math.min(settings.baseMss, half), settings.mtuProbeFloor, settings.minSendMss);
    mtu.low = mtuOf(tcb, mss);
  }
  syncMss(tcb, mtu.path);
  note(turn, `no answer: perhaps a black hole, segments of ${tcb.snd.mss}`, '4821 7.7', 'tcp_timer.c tcp_mtu_probing');
}
