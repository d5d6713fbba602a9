/**
 * The network of a notebook: hosts with an address of either family or both, and links between two of them.
 *
 * Hosts become variables of the cells, so their names are identifiers. Misspelled keys are faults here: a link that
 * silently lost its `delay` would teach the wrong numbers.
 */
import { KERNEL_VERSIONS, type KernelVersion } from '../sim/base/kernels.ts';
import { ms, ns, type Time } from '../sim/base/time.ts';
import {
  type Address,
  isAny,
  isBroadcast,
  isLinkLocal,
  isLoopback,
  isMapped,
  isMulticast,
  parseAddress,
} from '../sim/wire/address.ts';
import type { Value, YamlReader } from './yaml-reader.ts';

export interface TopologyLink {
  /** Names of the two hosts. */
  readonly between: readonly [string, string];
  /** One way. */
  readonly delay: Time;
  /** Bits per second; absent: no limit, a packet takes no time to send. */
  readonly rate?: number;
  /** Packets that wait for the link before it drops. */
  readonly queue: number;
  /** Probability, 0 to 1, that a packet is lost. */
  readonly loss: number;
  /** Probabilities that a packet arrives twice, and that one bit of it is flipped; absent: never. */
  readonly duplicate?: number;
  readonly corrupt?: number;
  /** The delay varies by so much to either side; absent: never. */
  readonly jitter?: Time;
  /** Probability that a packet is not delayed and overtakes others; absent: none does. One of `gap` at most. */
  readonly reorder?: number;
  readonly gap?: number;
  /** Octets of the largest IP packet. */
  readonly mtu: number;
  /** Octets of the largest packet that a router half-way forwards; absent: as many. `blackHole`: it does not say so. */
  readonly pathMtu?: number;
  readonly blackHole?: boolean;
}

/** A host: what it is reached by, and what kind of machine it is. */
export interface HostSetup {
  /** IPv4, in dotted decimal. A host has this address, the other, or both. */
  readonly address?: string;
  /** IPv6, as RFC 5952 writes it. */
  readonly address6?: string;
  /** Which Linux the simulated host is; the newest unless given. */
  readonly kernel?: KernelVersion;
  /** Settings that differ from that kernel's defaults, under their Linux names. */
  readonly sysctl?: Readonly<Record<string, string>>;
}

export interface Topology {
  /** By name, in the order of the file. */
  readonly hosts: Readonly<Record<string, HostSetup>>;
  readonly links: readonly TopologyLink[];
}

const LINK_DEFAULTS = { delay: ms(10), queue: 1000, loss: 0, mtu: 1500 } as const;
const DEFAULT_HOSTS: Topology['hosts'] = {
  client: { address: '10.0.0.1', address6: '2001:db8::1' },
  server: { address: '10.0.0.2', address6: '2001:db8::2' },
};

/** Two hosts, RTT 20 ms, no loss: the network of a file that describes none. */
export const DEFAULT_TOPOLOGY: Topology = {
  hosts: DEFAULT_HOSTS,
  links: [{ between: ['client', 'server'], ...LINK_DEFAULTS }],
};

/** Octets: RFC 791 section 3.2 asks every network for at least 68; the total length field ends at 65535. */
const MTU = { min: 68, max: 65535, integer: true } as const;
/** Packets of which one may be reordered. */
const GAP = { min: 1, max: 1e6, integer: true } as const;
const QUEUE = { min: 1, max: 1e9, integer: true } as const;

const HOST = /^[a-z][a-zA-Z0-9]*$/;
const RESERVED = new Set(
  (
    'arguments async await break case catch class const continue debugger default delete do else enum eval export ' +
    'extends false finally for function if implements import in instanceof interface let new null package private ' +
    'protected public return static super switch this throw true try typeof undefined var void while with yield'
  ).split(' '),
);

const DELAY_UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 };
const RATE_UNITS: Readonly<Record<string, number>> = { 'bit/s': 1, 'kbit/s': 1e3, 'Mbit/s': 1e6, 'Gbit/s': 1e9 };

/** A setting's name as sysctl(8) takes it. */
const SETTING = /^net(?:\.\w+)+$/;

const HOST_KEYS = ['address', 'address6', 'kernel', 'sysctl'];
/** Probabilities of what may happen to a packet, as tc-netem(8) names it. */
const CHANCES = ['duplicate', 'corrupt', 'reorder'] as const;
const LINK_KEYS = [
  'between',
  'delay',
  'rate',
  'queue',
  'loss',
  ...CHANCES,
  'gap',
  'jitter',
  'mtu',
  'path-mtu',
  'black-hole',
];

/** The topology of a front matter's `topology:` value; faults go to the reader's report. */
export function readTopology(yaml: YamlReader, value: Value): Topology {
  const entries = yaml.map(value) ?? new Map<string, Value>();
  refuseUnknown(yaml, entries, ['hosts', 'links'], 'topology');
  const hostsValue = entries.get('hosts');
  const hosts = hostsValue ? readHosts(yaml, hostsValue) : DEFAULT_HOSTS;
  const linksValue = entries.get('links');
  if (linksValue) return { hosts, links: readLinks(yaml, linksValue, hosts) };
  const [a, b, ...more] = Object.keys(hosts);
  if (more.length > 0) yaml.fault(value, '`topology` has more than two hosts: say which are joined under `links:`.');
  return { hosts, links: a !== undefined && b !== undefined ? [{ between: [a, b], ...LINK_DEFAULTS }] : [] };
}

/** Hosts: each an address, or a mapping with addresses, `kernel` and `sysctl`. */
function readHosts(yaml: YamlReader, value: Value): Record<string, HostSetup> {
  const hosts: Record<string, HostSetup> = {};
  const taken = new Set<string>();
  for (const [name, given] of yaml.map(value) ?? []) {
    if (!HOST.test(name) || RESERVED.has(name)) {
      yaml.keyFault(
        given,
        `Host \`${name}\` needs a name that can be a variable: letters and digits, no reserved word.`,
      );
      continue;
    }
    const entries = yaml.isMap(given) ? yaml.map(given) : undefined;
    if (entries) refuseUnknown(yaml, entries, HOST_KEYS, 'a host');
    const addresses = entries ? readBoth(yaml, given, entries) : readEither(yaml, given);
    if (addresses.length === 0) continue;
    hosts[name] = entries ? readSetup(yaml, entries) : {};
    for (const [address, at] of addresses) {
      if (taken.has(address.text)) yaml.fault(at, `Two hosts have the address ${address.text}.`);
      taken.add(address.text);
      hosts[name] = { ...hosts[name], [address.family === 4 ? 'address' : 'address6']: address.text };
    }
  }
  return hosts;
}

function readSetup(yaml: YamlReader, entries: Map<string, Value>): HostSetup {
  const kernelValue = entries.get('kernel');
  const kernel = kernelValue && yaml.choice(kernelValue, KERNEL_VERSIONS);
  const settings = entries.get('sysctl');
  const sysctl: Record<string, string> = {};
  for (const [name, at] of (settings && yaml.map(settings)) ?? []) {
    const text = yaml.text(at);
    if (!SETTING.test(name)) yaml.keyFault(at, `\`${name}\` is no setting, such as net.ipv4.tcp_sack.`);
    else if (text !== undefined) sysctl[name] = text;
  }
  return { ...(kernel && { kernel }), ...(settings && { sysctl }) };
}

type Addresses = [address: Address, at: Value][];

/** `server: 10.0.0.2` or `server: 2001:db8::2` */
function readEither(yaml: YamlReader, at: Value): Addresses {
  const address = readAddress(yaml, at, undefined);
  return address ? [[address, at]] : [];
}

/** `server: { address: 10.0.0.2, address6: 2001:db8::2 }` */
function readBoth(yaml: YamlReader, value: Value, entries: Map<string, Value>): Addresses {
  const read: Addresses = [];
  const [four, six] = [entries.get('address'), entries.get('address6')];
  const address = four && readAddress(yaml, four, 4);
  const address6 = six && readAddress(yaml, six, 6);
  if (four && address) read.push([address, four]);
  if (six && address6) read.push([address6, six]);
  if (!four && !six) yaml.fault(value, 'A host needs `address: 10.0.0.1`, `address6: 2001:db8::1` or both.');
  return read;
}

const EXAMPLES = {
  4: 'no IPv4 address that a host can have, such as 10.0.0.1',
  6: 'no IPv6 address that a host can have, such as 2001:db8::1',
};

/** An address of the family, or of any when none is given. */
function readAddress(yaml: YamlReader, at: Value, family: 4 | 6 | undefined): Address | undefined {
  const text = yaml.text(at);
  if (text === undefined) return undefined;
  const address = parseAddress(text);
  if (address && (family ?? address.family) === address.family && isHostAddress(address)) return address;
  return yaml.fault(at, `\`${text}\` is ${EXAMPLES[family ?? (text.includes(':') ? 6 : 4)]}.`);
}

/** Whether a host on a link can have it for the whole network: unicast, and not 0/8 (RFC 1122) or 240/4 (RFC 1112). */
function isHostAddress(address: Address): boolean {
  const [first = 0] = address.bytes;
  if (address.family === 4 && (first === 0 || first >= 240)) return false;
  return ![isAny, isLoopback, isLinkLocal, isMulticast, isMapped, isBroadcast].some((is) => is(address));
}

function readLinks(yaml: YamlReader, value: Value, hosts: Topology['hosts']): TopologyLink[] {
  const links: TopologyLink[] = [];
  const pairs = new Set<string>();
  for (const item of yaml.list(value, 'links') ?? []) {
    const link = readLink(yaml, item, hosts);
    if (!link) continue;
    const pair = [...link.between].sort().join(' and ');
    if (pairs.has(pair)) yaml.fault(item, `There are two links between ${pair}.`);
    pairs.add(pair);
    links.push(link);
  }
  return links;
}

function readLink(yaml: YamlReader, value: Value, hosts: Topology['hosts']): TopologyLink | undefined {
  const entries = yaml.map(value);
  if (!entries) return undefined;
  refuseUnknown(yaml, entries, LINK_KEYS, 'a link');
  const read = <T>(key: string, how: (at: Value) => T | undefined): T | undefined => {
    const at = entries.get(key);
    return at && how(at);
  };
  const between = entries.get('between');
  if (!between) return yaml.fault(value, 'A link needs `between: [host, host]`.');
  const pair = readPair(yaml, between, hosts);
  const rate = read('rate', (at) => readQuantity(yaml, at, RATE_UNITS, '1 Gbit/s'));
  if (rate !== undefined && rate <= 0) yaml.fault(entries.get('rate') as Value, 'A link rate must be above zero.');
  const delay = read('delay', (at) => readQuantity(yaml, at, DELAY_UNITS, '10ms'));
  const loss = read('loss', (at) => yaml.number(at, { min: 0, max: 1 }));
  const queue = read('queue', (at) => yaml.number(at, QUEUE));
  const mtu = read('mtu', (at) => yaml.number(at, MTU));
  const pathMtu = read('path-mtu', (at) => yaml.number(at, MTU));
  const blackHole = read('black-hole', (at) => yaml.choice(at, ['true', 'false'] as const)) === 'true';
  if (blackHole && pathMtu === undefined) {
    yaml.fault(
      entries.get('black-hole') as Value,
      '`black-hole` is about packets larger than `path-mtu`: give that, too.',
    );
  }
  const jitter = read('jitter', (at) => readQuantity(yaml, at, DELAY_UNITS, '1ms'));
  const gap = read('gap', (at) => yaml.number(at, GAP));
  const chances: Partial<Record<(typeof CHANCES)[number], number>> = {};
  for (const name of CHANCES) {
    const chance = read(name, (at) => yaml.number(at, { min: 0, max: 1 }));
    if (chance !== undefined) chances[name] = chance;
  }
  if (gap !== undefined && !entries.has('reorder')) {
    yaml.fault(entries.get('gap') as Value, '`gap` says which packets `reorder` is for: give that, too.');
  }
  if (!pair) return undefined;
  return {
    between: pair,
    delay: delay === undefined ? LINK_DEFAULTS.delay : ns(delay),
    ...(rate === undefined ? {} : { rate }),
    queue: queue ?? LINK_DEFAULTS.queue,
    loss: loss ?? LINK_DEFAULTS.loss,
    ...chances,
    ...(gap === undefined ? {} : { gap }),
    ...(jitter === undefined ? {} : { jitter: ns(jitter) }),
    mtu: mtu ?? LINK_DEFAULTS.mtu,
    ...(pathMtu === undefined ? {} : { pathMtu }),
    ...(blackHole && { blackHole }),
  };
}

function readPair(yaml: YamlReader, value: Value, hosts: Topology['hosts']): [string, string] | undefined {
  const items = yaml.list(value, 'two hosts');
  if (!items) return undefined;
  const names = items.map((item) => {
    const name = yaml.text(item);
    if (name === undefined || Object.hasOwn(hosts, name)) return name;
    return yaml.fault(item, `\`${name}\` is no host; the hosts are: ${Object.keys(hosts).join(', ')}.`);
  });
  const [a, b] = names;
  if (items.length !== 2 || (a !== undefined && a === b)) {
    return yaml.fault(value, 'A link joins two different hosts.');
  }
  return a !== undefined && b !== undefined ? [a, b] : undefined;
}

/** A number with one of the units, in units of 1; a bare 0 needs none. */
function readQuantity(
  yaml: YamlReader,
  value: Value,
  units: Readonly<Record<string, number>>,
  example: string,
): number | undefined {
  const text = yaml.text(value);
  if (text === undefined) return undefined;
  const [, digits, unit = ''] = /^(\d{1,12}(?:\.\d{1,9})?) ?([A-Za-z/]*)$/.exec(text) ?? [];
  const size = Object.hasOwn(units, unit) ? units[unit] : unit === '' && Number(digits) === 0 ? 1 : undefined;
  const quantity = digits === undefined || size === undefined ? Number.NaN : Number((Number(digits) * size).toFixed(3));
  if (quantity <= Number.MAX_SAFE_INTEGER) return quantity;
  const names = Object.keys(units).join(', ');
  return yaml.fault(value, `\`${value.name}\` must be a number with a unit (${names}), such as ${example}.`);
}

/** Reports every key that is not one of `known`. */
function refuseUnknown(yaml: YamlReader, entries: Map<string, Value>, known: readonly string[], where: string): void {
  for (const [key, value] of entries) {
    if (!known.includes(key))
      yaml.keyFault(value, `\`${key}\` is no key of ${where}; the keys are: ${known.join(', ')}.`);
  }
}
