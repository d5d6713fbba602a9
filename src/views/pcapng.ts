/**
 * A run as a capture file that Wireshark, tshark and tcpdump read: pcapng, with time in nanoseconds, one interface per
 * device of a host ('client:eth0', 'client:lo'), and comments on packets that were dropped, copied or damaged, and on those
 * that TCP sent for a reason which it noted.
 *
 * A capture is taken at one host unless asked otherwise, as tcpdump would there. With all hosts in one file a packet that
 * arrived is in it twice, with one packet number: analysers that do not tell interfaces apart then take the second for a
 * retransmission, so filter by interface before analysing such a file.
 *
 * The link type is raw IP: analysers treat it as they treat Ethernet from the IP header on, and there is no MAC address,
 * padding or ARP that would have to be made up.
 */
import { concat } from '../sim/base/bytes.ts';
import { human, seconds } from '../sim/base/time.ts';
import type { Log } from '../sim/trace/log.ts';
import type { EventOf } from '../sim/trace/schema.ts';
import { type Address, address, LOOPBACK4, LOOPBACK6 } from '../sim/wire/address.ts';
import { bytesOf, type Seen, seenAt, usualHost } from './capture.ts';
import { factsOf } from './facts.ts';
import {
  enhancedPacket,
  interfaceDescription,
  nameResolution,
  OPTION,
  type Option,
  sectionHeader,
} from './pcapng-blocks.ts';
import type { Lifeline } from './view.ts';

export interface CaptureOptions {
  /** The host captured at, or all of them; default: the first that sent a packet. */
  host?: number | 'all';
  /** The seed that the run can be repeated with. */
  seed?: number;
  /** The program that writes the file: 'socknb 1.0.0'. */
  program?: string;
}

/** A network device of a host. */
interface Device {
  host: Lifeline;
  /** The link's number; -1: loopback. */
  link: number;
  name: string;
  options: readonly Option[];
}

/**
 * The beginning of the run, as seconds since 1970: 2000-01-01 00:00:00 UTC. It must not be 0, which analysers take for an
 * unknown time: they would not know the round trip of a handshake that begins with the run.
 */
const EPOCH = 946_684_800;

/** The whole log as a pcapng file. */
export function pcapng(log: Log, { host = usualHost(log), seed, program = 'socknb' }: CaptureOptions = {}): Uint8Array {
  const hosts = factsOf(log).hosts.filter((line) => host === 'all' || line.host === host);
  const devices = hosts.flatMap((line) => devicesOf(log, line));
  const seen = hosts.flatMap((line) => seenAt(log, line.host)).sort((a, b) => a.n - b.n);
  return concat([
    sectionHeader(sectionOptions(log, program, seed)),
    ...devices.map(({ name, options }) => interfaceDescription(EPOCH, [OPTION.name(name), ...options])),
    nameResolution(namesOf(log)),
    ...seen.map((one) => packetBlock(log, devices, one)),
  ]);
}

function sectionOptions(log: Log, program: string, seed: number | undefined): Option[] {
  const kernels = new Set<string>();
  for (const { kernel } of log.of('host.up')) kernels.add(kernel);
  const kernel = [...kernels].join(', ');
  const facts = [
    ...(seed === undefined ? [] : [`seed ${seed}`]),
    `kernel ${kernel}`,
    'the run begins on 2000-01-01 at 00:00 UTC',
  ];
  return [OPTION.comment(facts.join('; ')), OPTION.os(kernel), OPTION.application(program)];
}

/** lo, and eth0, eth1, … in the order in which the links were made. */
function devicesOf(log: Log, host: Lifeline): Device[] {
  const device = (link: number, name: string, options: readonly Option[]): Device => ({
    host,
    link,
    name: `${host.name}:${name}`,
    options,
  });
  const devices = [device(-1, 'lo', [OPTION.ipv4(LOOPBACK4, 8), OPTION.ipv6(LOOPBACK6, 128)])];
  for (const link of log.of('link.up')) {
    if (link.a !== host.host && link.b !== host.host) continue;
    devices.push(
      device(link.link, `eth${devices.length - 1}`, [
        OPTION.description(describe(log, link, link.a === host.host ? link.b : link.a)),
        ...addressesOf(host).map((own) => (own.family === 4 ? OPTION.ipv4(own, 24) : OPTION.ipv6(own, 64))),
        ...(link.rate === Number.POSITIVE_INFINITY ? [] : [OPTION.speed(link.rate)]),
      ]),
    );
  }
  return devices;
}

function describe(log: Log, link: EventOf<'link.up'>, peer: number): string {
  const { delay, jitter, queue, mtu } = link;
  const name = factsOf(log).hosts.find(({ host }) => host === peer)?.name ?? '?';
  const facts = [`to ${name}`, `delay ${human(delay)}`, `MTU ${mtu}`, `queue of ${queue} packets`];
  if (jitter > 0) facts.push(`jitter ${human(jitter)}`);
  for (const chance of ['loss', 'duplicate', 'corrupt', 'reorder'] as const) {
    if (link[chance] > 0) facts.push(`${chance} ${Number((link[chance] * 100).toPrecision(6))} %`);
  }
  return facts.join(', ');
}

const addressesOf = ({ address: first, address6 }: Lifeline): Address[] =>
  [...new Set([first, address6])].filter((text) => text !== '').map(address);

const namesOf = (log: Log): { address: Address; name: string }[] =>
  factsOf(log).hosts.flatMap((host) => addressesOf(host).map((own) => ({ address: own, name: host.name })));

function packetBlock(log: Log, devices: readonly Device[], seen: Seen): Uint8Array {
  const { host, time, direction, packet } = seen;
  const { link } = log.at(packet.sent) as EventOf<'packet.sent'>;
  const on = devices.findIndex((device) => device.host.host === host && device.link === link);
  return enhancedPacket(on, time, bytesOf(log, seen), [
    OPTION.direction(direction),
    OPTION.packetId(packet.n),
    ...comments(log, { host, packet }).map(OPTION.comment),
  ]);
}

/** What became of a packet, and the decision that its sender noted. */
function comments(log: Log, { host, packet }: Pick<Seen, 'host' | 'packet'>): string[] {
  const said: string[] = [];
  if (packet.copy) said.push('a copy that the link made');
  if (packet.damaged >= 0) said.push(`bit ${packet.damaged} was flipped on the link`);
  if (packet.fate === 'dropped') {
    const end = log.at(packet.end);
    const where = end.host === packet.to && packet.to !== packet.from ? ` at the receiver` : '';
    said.push(`dropped${where} at ${seconds(packet.endTime)}: ${packet.reason}`);
  }
  const cause = packet.from === host ? log.indexOf((log.at(packet.sent) as EventOf<'packet.sent'>).cause) : -1;
  const why = cause < 0 ? undefined : log.at(cause);
  if (why?.kind === 'tcp.note') {
    const sources = [why.rfc && `RFC ${why.rfc}`, why.linux].filter((source) => source !== '');
    said.push(`${why.rule}${sources.length > 0 ? ` (${sources.join('; ')})` : ''}`);
  }
  return said;
}
