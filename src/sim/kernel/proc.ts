/** Files of /proc that tell of a host's network, as texts (Linux tcp_ipv4.c tcp4_seq_show; proc_sys). */
import type { State } from '../tcp/states.ts';
import type { Address } from '../wire/address.ts';
import type { Host } from './host.ts';
import type { Socket } from './socket.ts';
import { isSysctl, sysctlText } from './sysctl.ts';

/** Numbers of include/net/tcp_states.h. */
/* biome-ignore format: a table */
const STATES: Readonly<Record<State, number>> = {
  ESTABLISHED: 1, 'SYN-SENT': 2, 'SYN-RECEIVED': 3, 'FIN-WAIT-1': 4, 'FIN-WAIT-2': 5, 'TIME-WAIT': 6, CLOSED: 7,
  'CLOSE-WAIT': 8, 'LAST-ACK': 9, LISTEN: 10, CLOSING: 11,
};

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');

/** An address as words of 32 bits in the machine's order, which puts the low byte first. */
function addressText({ bytes }: Address): string {
  let text = '';
  for (let word = 0; word < bytes.length; word += 4) {
    for (let i = 3; i >= 0; i--) text += hex(bytes[word + i] ?? 0, 2);
  }
  return text;
}

const nameText = (addr: Address, port: number): string => `${addressText(addr)}:${hex(port, 4)}`;

const HEADER = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';

function line(socket: Socket, index: number): string {
  const local = nameText(socket.localAddr, socket.localPort);
  const remote = nameText(socket.remoteAddr, socket.remotePort);
  const state = hex(STATES[socket.tcb?.state ?? 'CLOSED'], 2);
  return `${String(index).padStart(4)}: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${socket.id}`;
}

function sockets(host: Host, family: 4 | 6): string {
  const listed = [...host.demux.sockets()].filter(
    ({ localAddr, tcb }) => localAddr.family === family && tcb !== undefined,
  );
  return [HEADER, ...listed.map(line)].join('\n');
}

/** What a file holds; undefined: there is none. */
export function readProc(host: Host, path: string): string | undefined {
  if (path === '/proc/net/tcp') return sockets(host, 4);
  if (path === '/proc/net/tcp6') return sockets(host, 6);
  const name = path.startsWith('/proc/sys/') ? path.slice('/proc/sys/'.length).replaceAll('/', '.') : '';
  return isSysctl(name) && !host.profile.absent.has(name) ? sysctlText(host.sysctl, name) : undefined;
}
