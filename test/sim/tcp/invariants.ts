/**
 * What must hold of a block between turns, whatever the network did: the counts are what a walk over the records gives,
 * the records cover the stream without gap, and the lists hold what they say (Linux tcp_verify_left_out, and the
 * comments beside the fields in struct tcp_sock).
 */
import assert from 'node:assert/strict';
import { type Seq, seqDiff, seqLe, seqLt } from '../../../src/sim/base/seq.ts';
import { inFlight } from '../../../src/sim/tcp/segmentation.ts';
import {
  EVER_RETRANS,
  LOST,
  payloadLength,
  RETRANS,
  SACKED,
  SKB_OVERHEAD,
  type Skb,
  type SkbList,
} from '../../../src/sim/tcp/send-queue.ts';
import type { Tcb } from '../../../src/sim/tcp/tcb.ts';

/** The records of a list, both ways along it. */
export function records(list: SkbList): Skb[] {
  const out: Skb[] = [];
  let before: Skb | undefined;
  for (let skb = list.head; skb; skb = skb.next) {
    assert.equal(skb.prev, before, 'the list runs back as it runs on');
    out.push(skb);
    before = skb;
  }
  assert.equal(list.tail, before);
  return out;
}

const sum = (skbs: readonly Skb[], what: (skb: Skb) => number): number => skbs.reduce((n, skb) => n + what(skb), 0);
const marked = (skbs: readonly Skb[], mark: number): number => sum(skbs, (skb) => (skb.marks & mark ? skb.segs : 0));

/** Counts of segments against the marks of the records (tp->packets_out, sacked_out, lost_out, retrans_out). */
export function checkCounts(tcb: Tcb): void {
  const { counts } = tcb;
  const sent = records(tcb.queue.sent);
  const walked = {
    packetsOut: sum(sent, (skb) => skb.segs),
    // without SACK it counts duplicate ACKs, not records
    sackedOut: tcb.sackOk ? marked(sent, SACKED) : counts.sackedOut,
    lostOut: marked(sent, LOST),
    retransOut: marked(sent, RETRANS),
  };
  // Linux counts a retransmission twice when its record timed out again after an undo, until all is acknowledged
  if (tcb.sackOk && counts.retransOut > walked.retransOut) walked.retransOut = counts.retransOut;
  assert.deepEqual({ ...counts }, walked);
  for (const n of Object.values(counts)) assert.ok(n >= 0, JSON.stringify(counts));
  assert.ok(counts.sackedOut + counts.lostOut <= counts.packetsOut, `left out ${JSON.stringify(counts)}`);
  assert.ok(inFlight(tcb) >= 0, 'in flight');
  for (const skb of sent) {
    assert.ok(skb.segs >= 1, 'a record that was sent counts as a segment');
    assert.notEqual(skb.marks & (SACKED | LOST), SACKED | LOST, 'what arrived is not lost');
    if (skb.marks & RETRANS) assert.ok(skb.marks & EVER_RETRANS);
  }
}

/** The records cover what was written, and their memory and bytes add up. */
export function checkRecords(tcb: Tcb): void {
  const { queue, snd } = tcb;
  const sent = records(queue.sent);
  const unsent = records(queue.unsent);
  const all = [...sent, ...unsent];
  const [first] = all;
  if (!first) assert.equal(seqDiff(snd.una, snd.write), 0);
  else assert.ok(seqLe(first.seq, snd.una) && seqLt(snd.una, first.end), 'SND.UNA lies in the first record');
  let at: Seq | undefined = first?.seq;
  for (const skb of all) {
    assert.equal(at && seqDiff(skb.seq, at), 0, 'no gap between records');
    assert.ok(seqLt(skb.seq, skb.end), 'no empty record');
    assert.equal(skb.memory, SKB_OVERHEAD + payloadLength(skb), 'memory of a record');
    if (skb.fin) assert.equal(skb, all.at(-1), 'FIN is last');
    at = skb.end;
  }
  if (at) assert.equal(seqDiff(at, snd.write), 0, 'all that was written');
  if (sent.length > 0) assert.equal(seqDiff((sent.at(-1) as Skb).end, snd.nxt), 0, 'all that was sent');
  assert.equal(
    queue.memory,
    sum(all, (skb) => skb.memory),
    'memory of the queue',
  );
  const bytes = sum(all, payloadLength);
  const synWaits = first?.syn === true;
  const released = synWaits || !first ? 0 : seqDiff(snd.una, first.seq);
  assert.equal(queue.length, bytes - released, 'bytes that are kept');
}

/** Lists and hints beside the queue: order of sending, the highest record held, where retransmission goes on. */
export function checkLists(tcb: Tcb): void {
  const { queue, loss } = tcb;
  const sent = records(queue.sent);
  const outstanding = new Set(sent);
  const listed = new Set<Skb>();
  let before: Skb | undefined;
  for (let skb = queue.sentFirst; skb; skb = skb.sentNext) {
    assert.ok(skb.sentListed && outstanding.has(skb), 'only what is outstanding has an order of sending');
    assert.equal(skb.sentPrev, before);
    if (before) assert.ok(before.at <= skb.at, 'in the order of sending');
    if (skb.marks & SACKED) assert.ok(skb.marks & EVER_RETRANS, 'what arrived was sent again, as a loss probe');
    listed.add(skb);
    before = skb;
  }
  for (const skb of sent) assert.equal(listed.has(skb), skb.sentListed);
  if (loss.hint) {
    assert.ok(outstanding.has(loss.hint), 'the hint is outstanding');
    for (const skb of sent) {
      if (skb === loss.hint) break;
      assert.notEqual(skb.marks & (LOST | RETRANS | SACKED), LOST, 'nothing to retransmit before the hint');
    }
  }
  if (tcb.sackOk && tcb.counts.sackedOut > 0) {
    const last = sent.findLast((skb) => skb.marks & SACKED);
    assert.equal(loss.highestSack, last?.next, 'the highest record that is held');
  }
}

/** All of it. */
export function checkBlock(tcb: Tcb): void {
  if (tcb.state === 'CLOSED' || tcb.state === 'LISTEN' || tcb.state === 'TIME-WAIT') return;
  checkCounts(tcb);
  checkRecords(tcb);
  checkLists(tcb);
}
