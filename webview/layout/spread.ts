/**
 * Labels along one line, none over another: each as near to where it belongs as the others allow.
 *
 * The least total squared displacement, by pooling neighbours that would overlap into blocks that move together.
 * Order is kept. Pure.
 */

/** A label on a line: the place of its middle, and how long it is there. */
export interface Wanted {
  at: number;
  size: number;
}

interface Block {
  first: number;
  count: number;
  size: number;
  /** Sum of where each member wants the block's start to be. */
  starts: number;
}

/**
 * Where the middles go. `wanted` rises by `at`.
 * @param low no label begins before it.
 */
export function spread(wanted: readonly Wanted[], low = Number.NEGATIVE_INFINITY): number[] {
  const blocks: Block[] = [];
  const start = (block: Block) => Math.max(low, block.starts / block.count);
  for (const [i, { at, size }] of wanted.entries()) {
    let block: Block = { first: i, count: 1, size, starts: at - size / 2 };
    for (let last = blocks.at(-1); last && start(last) + last.size > start(block); last = blocks.at(-1)) {
      blocks.pop();
      // A member that sits `last.size` further into the block wants its start that much earlier.
      block = {
        first: last.first,
        count: last.count + block.count,
        size: last.size + block.size,
        starts: last.starts + block.starts - block.count * last.size,
      };
    }
    blocks.push(block);
  }
  const out: number[] = [];
  for (const block of blocks) {
    let at = start(block);
    for (let i = block.first; i < block.first + block.count; i++) {
      const { size } = wanted[i] as Wanted;
      out.push(at + size / 2);
      at += size;
    }
  }
  return out;
}
