/**
 * What must hold of every world, whatever the plan. Each rule is judged from the log, the packets in it, and what the
 * programs saw; nothing here looks into the simulator. `judge` gives every breach in words; none means the world is right.
 */
import { STATES, TRANSITIONS } from '../../src/sim/tcp/states.ts';
import type { Event, EventOf, Kind } from '../../src/sim/trace/schema.ts';
import { abrupt, mayShrink } from './plan.ts';
import type { Played } from './play.ts';
import { Wire } from './wire.ts';

/** Events that nothing in the world brought about. */
const ROOTS: ReadonlySet<Kind> = new Set<Kind>([
  'cell.begin',
  'host.up',
  'link.up',
  'process.start',
  'task.start',
  'task.end',
  'call.enter',
]);

/** Events that name a socket which may be gone: its packets outlive it, and a program may name its descriptor. */
const OUTLIVE: ReadonlySet<Kind> = new Set<Kind>(['call.enter', 'packet.dropped']);

/** What the log tells of one socket so far. */
interface Sock {
  state: number;
  freed: boolean;
  timers: Set<string>;
  send: EventOf<'tcp.send'> | undefined;
  recv: EventOf<'tcp.recv'> | undefined;
  /** The rule of its latest note. */
  note: string;
}

/** Everything that is wrong with a world, one line each. `events`: its log, as plain events. */
export function judge(played: Played, events: Iterable<Event> = played.log): string[] {
  const breaches: string[] = [];
  const say = (text: string) => breaches.length < 20 && breaches.push(text);
  const facts = judgeLog(played, events, say);
  judgePrograms(played, facts, say);
  return breaches;
}

/** What the log says that excuses a program's error. */
interface Facts {
  /** A packet was lost or refused. */
  dropped: boolean;
  /** A connection was given up for lack of an answer. */
  gaveUp: boolean;
}

function judgeLog(played: Played, events: Iterable<Event>, say: (text: string) => void): Facts {
  const socks = new Map<number, Sock>();
  const queues = new Map<string, number>();
  const wire = new Wire(played, say);
  const facts: Facts = { dropped: false, gaveUp: false };
  let last = 0;
  for (const event of events) {
    const at = `event ${event.n} (${event.kind})`;
    if (event.t < last) say(`${at} is earlier than the one before`);
    last = event.t;
    if (event.cause >= event.n) say(`${at} is caused by the later event ${event.cause}`);
    if (event.cause < 0 && !ROOTS.has(event.kind)) say(`${at} has no cause`);
    let sock = socks.get(event.sock);
    if (!sock && event.sock !== 0) {
      sock = { state: 0, freed: false, timers: new Set(), send: undefined, recv: undefined, note: '' };
      socks.set(event.sock, sock);
    }
    if (sock?.freed && !OUTLIVE.has(event.kind)) say(`${at}: socket ${event.sock} is gone already`);
    if (sock)
      judgeSock(event, sock, facts, mayShrink(played.plan), (text) => say(`${at}, socket ${event.sock}: ${text}`));
    if (event.kind === 'queue.syn' || event.kind === 'queue.accept')
      queues.set(`${event.kind} of socket ${event.sock}`, event.length);
    if (event.kind === 'packet.dropped') facts.dropped = true;
    wire.take(event);
  }
  wire.end();
  for (const [id, { state, freed, timers }] of socks) {
    if (STATES[state] !== 'CLOSED') say(`socket ${id} ends in ${STATES[state]}`);
    if (!freed) say(`socket ${id} is not freed`);
    for (const timer of timers) say(`socket ${id} ends with its ${timer} timer running`);
  }
  for (const [queue, length] of queues) if (length > 0) say(`${queue} ends with ${length} in it`);
  return facts;
}

/** The rules of one socket's own events: RFC 9293 section 3.3.1's variables, the table of states, timers. */
function judgeSock(event: Event, sock: Sock, facts: Facts, shrinking: boolean, say: (text: string) => void): void {
  switch (event.kind) {
    case 'tcp.state': {
      const row = TRANSITIONS[event.row];
      if (row?.from !== STATES[event.from] || row?.to !== STATES[event.to]) say(`row ${event.row} is not this move`);
      if (event.from !== sock.state) say(`it was in ${STATES[sock.state]}, not in ${STATES[event.from]}`);
      sock.state = event.to;
      if (row?.on === 'timeout') facts.gaveUp = true;
      if (STATES[event.to] === 'SYN-SENT') sock.send = sock.recv = undefined;
      break;
    }
    case 'timer.set':
      sock.timers.add(event.timer);
      break;
    case 'timer.off':
    case 'timer.fire':
      if (!sock.timers.delete(event.timer)) say(`the ${event.timer} timer did not run`);
      break;
    case 'sock.free':
      sock.freed = true;
      break;
    case 'tcp.note':
      sock.note = event.rule;
      break;
    case 'tcp.send': {
      const { una, nxt, end, cwnd, ssthresh } = event;
      if (una > nxt) say(`SND.UNA ${una} is beyond SND.NXT ${nxt}`);
      if (nxt > end + 2) say(`SND.NXT ${nxt} is beyond what was written, ${end}`);
      if (cwnd < 1) say(`a congestion window of ${cwnd}`);
      if (ssthresh < 2) say(`ssthresh of ${ssthresh}`);
      const before = sock.send;
      if (before && una < before.una) say(`SND.UNA goes back from ${before.una} to ${una}`);
      if (before && nxt < before.nxt) say(`SND.NXT goes back from ${before.nxt} to ${nxt}`);
      if (before && end < before.end) say(`the end of data goes back from ${before.end} to ${end}`);
      sock.send = event;
      break;
    }
    case 'tcp.recv': {
      const { read, nxt, edge, ooo } = event;
      if (read > nxt) say(`read up to ${read}, beyond RCV.NXT ${nxt}`);
      const before = sock.recv;
      if (before && nxt < before.nxt) say(`RCV.NXT goes back from ${before.nxt} to ${nxt}`);
      if (before && read < before.read) say(`what was read goes back from ${before.read} to ${read}`);
      if (before && edge < before.edge && !shrinking && !closes(edge, nxt))
        say(`the window's edge goes back from ${before.edge} to ${edge}`);
      let held = nxt;
      for (const [i, position] of ooo.entries()) {
        if (i % 2 === 0 ? position <= held && i > 0 && position < held : position < held)
          say(`early stretches are out of order: ${ooo.join(' ')} from ${nxt}`);
        held = position;
      }
      // on the wire the window of a SYN has 16 bits, whatever the buffer would take
      sock.recv = before ? event : { ...event, edge: Math.min(edge, nxt + 65_535) };
      break;
    }
  }
}

/** A window may be taken back in one case: there is no memory at all, and it closes (tcp_select_window). */
const closes = (edge: number, nxt: number): boolean => edge === nxt;

/** Whether a world that was cut short was getting somewhere: programs have read something new in its last quarter. */
function moves({ log }: Played): boolean {
  const reached = new Map<number, number>();
  for (const { sock, read } of log.of('tcp.recv', Math.floor(log.length * 0.75))) {
    if (read > (reached.get(sock) ?? read)) return true;
    reached.set(sock, read);
  }
  return false;
}

/** What programs may see: every stream a prefix of what was written, whole at its end; errors only where there is a reason. */
function judgePrograms(played: Played, facts: Facts, say: (text: string) => void): void {
  const { plan, seen, programs, silence } = played;
  const broken = programs.end === 'threw' ? [programs.error, ...played.broken] : played.broken;
  for (const error of broken) say(`a program broke: ${(error as Error)?.stack ?? error}`);
  if (programs.end === 'limit' && !moves(played)) say(`the programs do not end: ${programs.what}`);
  const excused = facts.dropped || facts.gaveUp || plan.talks.some(({ ends }) => ends.some(abrupt));
  if (programs.end === 'stuck' && !excused) say(`standstill: ${programs.waiting.join('; ')}`);
  if (silence.end !== 'stuck') say(`there is no end: ${JSON.stringify(silence)}`);
  for (const [index, { ends, again }] of plan.talks.entries()) {
    for (const side of [0, 1] as const) {
      const mine = seen[index]?.[side];
      const theirs = seen[index]?.[side === 0 ? 1 : 0];
      if (!mine || !theirs) continue;
      const who = `talk ${index}, ${side === 0 ? 'client' : 'server'}`;
      if (mine.wrong) say(`${who}: ${mine.wrong}`);
      if (mine.received > theirs.sent) say(`${who} has read ${mine.received} bytes, ${theirs.sent} were written`);
      const rescued = programs.end !== 'returned' || ends[side].finish === 'shutdown both'; // its own end stopped it
      const orderly = mine.ended && mine.errors.length === 0 && !rescued;
      if (orderly && mine.received < theirs.sent)
        say(`${who}: the stream ends after ${mine.received} of ${theirs.sent} bytes`);
      const refused = again && mine.errors[0]?.startsWith('connect'); // what is left of the talk before is in the way
      if (mine.errors.length > 0 && !refused && !ends.some(abrupt) && !facts.gaveUp)
        say(`${who} fails without a reason: ${mine.errors.join(', ')}`);
    }
  }
}
