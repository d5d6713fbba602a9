/** What a script's `--name=value` lines choose; the mode's, or packetdrill's, defaults for the rest. */
import { type Time, us } from '../sim/base/time.ts';
import type { SockAddr } from '../sim/syscall/kernel.ts';
import { type Address, address, mapped, parseAddress } from '../sim/wire/address.ts';
import { IPV6_MIN_MTU } from '../sim/wire/ipv6.ts';
import type { IpVersion, Mode } from './modes.ts';
import { Unsupported } from './outcome.ts';
import { type Script, ScriptError, type ScriptOption } from './script.ts';

export interface Config {
  ipVersion: IpVersion;
  /** As in packets: both of one family. */
  localAddr: Address;
  remoteAddr: Address;
  /** What `...` means in bind(). */
  bindPort: number;
  /** What `...` means in connect(). */
  connectPort: number;
  mtu: number;
  /** How far the actual time may be off. */
  tolerance: Time;
  /** The same, as a part of the time since the event before; the larger counts. */
  tolerancePart: number;
  /** One tick of the timestamps that the script expects; 0: they are not compared. */
  timestampTick: Time;
  /** An echoed timestamp need not be one that was sent: it is taken by its distance from the first. */
  scaledEchoes: boolean;
  /** Packets are compared one by one; else those that follow each other are joined up to the length expected. */
  strictSegments: boolean;
}

export const DEFAULTS: Readonly<Config> = {
  ipVersion: 'ipv4',
  localAddr: address('192.168.0.1'),
  remoteAddr: address('192.0.2.1'),
  bindPort: 8080,
  connectPort: 8080,
  mtu: 1500,
  tolerance: us(4000),
  tolerancePart: 0.125,
  timestampTick: us(0),
  scaledEchoes: false,
  strictSegments: false,
};

type Setter = (config: Config, option: ScriptOption) => void;

/** Addresses of IPv6 where a script asks for it and names none. */
const DEFAULTS_6 = { localAddr: address('fd3d:fa7b:d17d::1'), remoteAddr: address('2001:db8::1') };

const IGNORED: Setter = () => {};

/* biome-ignore format: a table */
const OPTIONS: Readonly<Record<string, Setter>> = {
  local_ip:          (config, option) => { config.localAddr = ip(option); },
  remote_ip:         (config, option) => { config.remoteAddr = ip(option); },
  bind_port:         (config, option) => { config.bindPort = count(option, 65535); },
  connect_port:      (config, option) => { config.connectPort = count(option, 65535); },
  mtu:               (config, option) => { config.mtu = count(option, 65535); },
  tolerance_usecs:   (config, option) => { config.tolerance = us(count(option, 1e9)); },
  tolerance_percent: (config, option) => { config.tolerancePart = count(option, 100) / 100; },
  tcp_ts_tick_usecs: (config, option) => { config.timestampTick = us(count(option, 1e6)); },
  tcp_ts_ecr_scaled: (config) => { config.scaledEchoes = true; },
  ip_version:        (config, option) => { config.ipVersion = version(option); },
  define:            IGNORED, // taken when the script was read
  gateway_ip:        IGNORED, // there is one way to the peer
  netmask_ip:        IGNORED,
  strict_segments:   (config) => { config.strictSegments = true; },
  send_omit_free:    IGNORED, // nothing outlives the run
  verbose:           IGNORED,
};

/**
 * What a script's options make of packetdrill's defaults, and a mode's of those: the command line overwrites the script.
 * @throws ScriptError for a value that cannot be, Unsupported for an option that is not simulated
 */
export function configOf(script: Script, mode?: Mode): Config {
  const given = Object.entries(mode?.options ?? {}).map(([name, value]) => ({ name, value, line: 1, column: 1 }));
  const options = [...script.options, ...given];
  const config = { ...DEFAULTS };
  for (const option of options) {
    const set = Object.hasOwn(OPTIONS, option.name) ? OPTIONS[option.name] : undefined;
    if (!set) throw new Unsupported(`option --${option.name}`, option);
    set(config, option);
  }
  const unnamed = (name: string) => config.ipVersion === 'ipv6' && options.every((option) => option.name !== name);
  if (unnamed('local_ip')) config.localAddr = DEFAULTS_6.localAddr;
  if (unnamed('remote_ip')) config.remoteAddr = DEFAULTS_6.remoteAddr;
  check(config, script);
  return config;
}

/** Addresses of the version's family, and an MTU that it can do with. */
function check({ ipVersion, localAddr, remoteAddr, mtu }: Config, { options }: Script): void {
  const family = ipVersion === 'ipv6' ? 6 : 4;
  const at = (name: string) => options.find((option) => option.name === name) ?? { line: 1, column: 1 };
  for (const [name, addr] of [
    ['local_ip', localAddr],
    ['remote_ip', remoteAddr],
  ] as const) {
    if (addr.family !== family) throw new ScriptError(`${addr.text} is no address of ${ipVersion}`, at(name));
  }
  if (family === 6 && mtu < IPV6_MIN_MTU)
    throw new ScriptError(`IPv6 needs an MTU of ${IPV6_MIN_MTU} at least`, at('mtu'));
}

/** The family of the sockets that a script makes without naming one. */
export const domainOf = ({ ipVersion }: Config): 'AF_INET' | 'AF_INET6' =>
  ipVersion === 'ipv4' ? 'AF_INET' : 'AF_INET6';

/** What `...` means in bind(). */
export const bindName = (config: Config): SockAddr => ({
  addr: nameOf(config, config.localAddr),
  port: config.bindPort,
});

/** What `...` means in connect(). */
export const connectName = (config: Config): SockAddr => ({
  addr: nameOf(config, config.remoteAddr),
  port: config.connectPort,
});

/** An address as a socket of that family names it. */
const nameOf = ({ ipVersion }: Config, addr: Address): string => (ipVersion === 'ipv4' ? addr : mapped(addr)).text;

function version(option: ScriptOption): IpVersion {
  const known = (['ipv4', 'ipv4-mapped-ipv6', 'ipv6'] as const).find((one) => one === option.value);
  if (!known) throw new ScriptError('--ip_version is ipv4, ipv4-mapped-ipv6 or ipv6', option);
  return known;
}

function ip(option: ScriptOption): Address {
  const addr = parseAddress(option.value.replace(/\/\d+$/, ''));
  if (!addr) throw new ScriptError(`--${option.name} needs an address, not "${option.value}"`, option);
  return addr;
}

function count(option: ScriptOption, max: number): number {
  const value = Number(option.value);
  if (option.value === '' || !(value >= 0 && value <= max)) {
    throw new ScriptError(`--${option.name} needs a number from 0 to ${max}, not "${option.value}"`, option);
  }
  return value;
}
