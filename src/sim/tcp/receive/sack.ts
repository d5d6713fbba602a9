/**
 * What the next ACK tells of data that came out of order: up to four blocks, the one that changed last first (RFC 2018
 * section 4), and before them what came twice (RFC 2883). Linux tcp_input.c tcp_sack_new_ofo_skb, tcp_sack_remove,
 * tcp_dsack_set.
 */
import { type Seq, seqLe, seqLt } from '../../base/seq.ts';
import type { Tcb } from '../tcb.ts';
import { sendAck } from '../transmit.ts';
import type { Turn } from '../turn.ts';
import { extended, type Stretch } from './out-of-order.ts';

/** Linux TCP_NUM_SACKS. */
const MOST_BLOCKS = 4;

/** Grows `block` by a stretch that touches it; says whether it does (tcp_sack_extend). */
function extend(block: Stretch, left: Seq, right: Seq): boolean {
  if (seqLt(block.right, left) || seqLt(right, block.left)) return false;
  if (seqLt(left, block.left)) block.left = left;
  if (seqLt(block.right, right)) block.right = right;
  return true;
}

/** Blocks that an ACK may be relied on to bring: were one put off, others would not be told (TCP_SACK_BLOCKS_EXPECTED). */
const EXPECTED_BLOCKS = 2;

/** Something came out of order: its block goes first (tcp_sack_new_ofo_skb). */
export function blockForEarly(turn: Turn, left: Seq, right: Seq): void {
  const { sacks } = turn.tcb.rcv;
  for (let place = 0; place < sacks.length; place++) {
    const block = sacks[place] as Stretch;
    if (!extend(block, left, right)) continue;
    if (place >= EXPECTED_BLOCKS) sendCompressed(turn);
    if (place > 0) {
      sacks.copyWithin(1, 0, place);
      sacks[0] = block;
    }
    // what it has grown into is part of it now
    let kept = 1;
    for (let i = 1; i < sacks.length; i++) {
      const other = sacks[i] as Stretch;
      if (!extend(block, other.left, other.right)) sacks[kept++] = other;
    }
    sacks.length = kept;
    return;
  }
  if (sacks.length >= EXPECTED_BLOCKS) sendCompressed(turn);
  if (sacks.length === MOST_BLOCKS) sacks.pop();
  sacks.unshift({ left, right });
}

/** ACKs that were put off to become one leave now (tcp_sack_compress_send_ack). */
export function sendCompressed(turn: Turn): boolean {
  if (turn.tcb.ack.compressed === 0) return false;
  sendAck(turn);
  return true;
}

/** RCV.NXT has moved: blocks that it covers go. */
export function removeBlocks({ rcv }: Tcb): void {
  const { sacks } = rcv;
  if (rcv.early.length === 0) {
    sacks.length = 0;
    return;
  }
  let kept = 0;
  for (const block of sacks) if (seqLt(rcv.nxt, block.left)) sacks[kept++] = block;
  sacks.length = kept;
}

/** A stretch came twice: the next ACK says so. */
export function tellDuplicate({ rcv, sackOk, settings }: Tcb, left: Seq, right: Seq): void {
  if (sackOk && settings.receive.dsack) rcv.dsack = { left, right };
}

/** The same, together with what was found before. */
export function tellDuplicateToo(tcb: Tcb, left: Seq, right: Seq): void {
  if (tcb.rcv.dsack) tcb.rcv.dsack = extended(tcb.rcv.dsack, left, right);
  else tellDuplicate(tcb, left, right);
}

/** The blocks of the segment about to be sent, at most `most`; the duplicate is told once. */
export function blocksToSend({ rcv }: Tcb, most: number): Stretch[] {
  const blocks: Stretch[] = [];
  if (rcv.dsack) blocks.push(rcv.dsack);
  rcv.dsack = undefined;
  for (const { left, right } of rcv.sacks) if (blocks.length < most) blocks.push({ left, right });
  return blocks;
}

/** Whether there is anything for {@link blocksToSend}. */
export const hasBlocks = ({ rcv }: Tcb): boolean => rcv.sacks.length > 0 || rcv.dsack !== undefined;

/** The highest sequence number that the blocks tell of, if there are any. */
export function highestBlock({ rcv }: Tcb): Seq | undefined {
  let highest: Seq | undefined;
  for (const { right } of rcv.sacks) if (!highest || seqLe(highest, right)) highest = right;
  return highest;
}
