/**
 * Keepalive (RFC 9293 section 3.8.4; Linux tcp_timer.c tcp_keepalive_timer): a connection on which nothing has come for
 * long is asked whether its peer is still there, by a segment that it has already acknowledged. Off unless the program
 * wants it. While data is on its way the retransmission timer asks already, so the probes wait.
 */
import { human, ms, type Time } from '../base/time.ts';
import { unsent } from './output.ts';
import { sendProbe } from './persist.ts';
import type { Tcb } from './tcb.ts';
import { sendReset } from './transmit.ts';
import { begin, type Effect, note, setTimer, type Turn } from './turn.ts';

/** Linux TCP_RESOURCE_PROBE_INTERVAL: how soon a probe that the device refused is tried again. */
const RETRY = ms(500);

const idleTime = ({ opts, settings }: Tcb): Time => opts.keepIdle || settings.keepIdle;
const interval = ({ opts, settings }: Tcb): Time => opts.keepInterval || settings.keepInterval;
const mostProbes = ({ opts, settings }: Tcb): number => opts.keepCount || settings.keepCount;

/** How long nothing has come (keepalive_time_elapsed). */
const silence = ({ tcb, now }: Turn): number => now - Math.max(tcb.ack.lastData, tcb.stats.lastAckRecv);

/** The connection is established: from now on it may be silent (tcp_finish_connect, tcp_create_openreq_child). */
export function startKeepAlive(turn: Turn): void {
  if (turn.tcb.opts.keepAlive) setTimer(turn, 'keepalive', idleTime(turn.tcb));
}

/** SO_KEEPALIVE was switched on or off (tcp_set_keepalive). */
export function setKeepAlive(tcb: Tcb, now: Time): Effect[] {
  const turn = begin(tcb, now);
  if (tcb.state === 'CLOSED' || tcb.state === 'LISTEN') return turn.effects;
  setTimer(turn, 'keepalive', tcb.opts.keepAlive ? idleTime(tcb) : undefined);
  return turn.effects;
}

/** TCP_KEEPIDLE was set: counted from when something last came (tcp_sock_set_keepidle_locked). */
export function restartKeepAlive(tcb: Tcb, now: Time): Effect[] {
  const turn = begin(tcb, now);
  if (tcb.opts.keepAlive && tcb.state !== 'CLOSED' && tcb.state !== 'LISTEN') {
    setTimer(turn, 'keepalive', Math.max(0, idleTime(tcb) - silence(turn)) as Time);
  }
  return turn.effects;
}

/**
 * The keepalive timer is due.
 * @returns 'give up' when the peer has not answered and the connection is to end with ETIMEDOUT
 */
export function keepAliveTimeout(turn: Turn): 'give up' | undefined {
  const { tcb } = turn;
  if (!tcb.opts.keepAlive || tcb.state === 'SYN-SENT' || tcb.state === 'TIME-WAIT') return undefined;
  if (tcb.counts.packetsOut > 0 || unsent(tcb) > 0) {
    setTimer(turn, 'keepalive', idleTime(tcb));
    return undefined;
  }
  const silent = silence(turn);
  if (silent < idleTime(tcb)) {
    setTimer(turn, 'keepalive', (idleTime(tcb) - silent) as Time);
    return undefined;
  }
  const { userTimeout } = tcb.opts;
  const { probes } = tcb.rtt;
  if (userTimeout > 0 ? silent >= userTimeout && probes > 0 : probes >= mostProbes(tcb)) {
    note(turn, `${probes} keepalive probes without an answer: reset`, '9293 3.8.4', 'tcp_timer.c tcp_keepalive_timer');
    sendReset(turn);
    return 'give up';
  }
  note(
    turn,
    `nothing has come for ${human(silent as Time)}: ask whether the peer is there`,
    '9293 3.8.4',
    'tcp_timer.c tcp_keepalive_timer',
  );
  const sent = sendProbe(turn);
  if (sent) tcb.rtt.probes++;
  setTimer(turn, 'keepalive', sent ? interval(tcb) : RETRY);
  return undefined;
}
