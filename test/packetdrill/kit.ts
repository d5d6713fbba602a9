/** What tests of packetdrill have in common: a listening server with one accepted connection, and outcomes in brief. */

import type { Outcome } from '../../src/packetdrill/outcome.ts';
import { type RunOptions, run } from '../../src/packetdrill/run.ts';

/** Nine lines: descriptor 4 is a connection with an MSS of 1000, SACK, and no timestamps. */
export const ACCEPTED = `0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+.1 < S 0:0(0) win 65535 <mss 1000,sackOK,nop,nop,nop,wscale 0>
+0 > S. 0:0(0) ack 1 <...>
+.01 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4


`;
/** The line on which what follows {@link ACCEPTED} begins. */
export const NEXT = 10;

export const outcomeOf = (text: string, options?: RunOptions): Outcome => run(text, options).outcome;

/** What follows an accepted connection. */
export const accepted = (text: string, options?: RunOptions): Outcome => outcomeOf(ACCEPTED + text, options);
