/** What a script's `--name=value` lines choose; packetdrill's defaults for the rest. */
import { type Time, us } from '../sim/base/time.ts';
import { type Ip4, parseIp4 } from '../sim/wire/ipv4.ts';
import { Unsupported } from './outcome.ts';
import { type Script, ScriptError, type ScriptOption } from './script.ts';

export interface Config {
  localAddr: Ip4;
  remoteAddr: Ip4;
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
}

const address = (text: string): Ip4 => parseIp4(text) as Ip4;

export const DEFAULTS: Readonly<Config> = {
  localAddr: address('192.168.0.1'),
  remoteAddr: address('192.0.2.1'),
  bindPort: 8080,
  connectPort: 8080,
  mtu: 1500,
  tolerance: us(4000),
  tolerancePart: 0.125,
  timestampTick: us(0),
  scaledEchoes: false,
};

type Setter = (config: Config, option: ScriptOption) => void;

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
  ip_version:        (_, option) => { if (option.value !== 'ipv4') throw new Unsupported('IPv6', option); },
  define:            IGNORED, // taken when the script was read
  gateway_ip:        IGNORED, // there is one way to the peer
  netmask_ip:        IGNORED,
  strict_segments:   IGNORED, // segments are never joined before they are compared
  send_omit_free:    IGNORED, // nothing outlives the run
  verbose:           IGNORED,
};

/** @throws ScriptError for a value that cannot be, Unsupported for an option that is not simulated */
export function configOf(script: Script): Config {
  const config = { ...DEFAULTS };
  for (const option of script.options) {
    const set = Object.hasOwn(OPTIONS, option.name) ? OPTIONS[option.name] : undefined;
    if (!set) throw new Unsupported(`option --${option.name}`, option);
    set(config, option);
  }
  return config;
}

function ip(option: ScriptOption): Ip4 {
  if (option.value.includes(':')) throw new Unsupported('IPv6', option);
  const addr = parseIp4(option.value);
  if (addr === undefined) throw new ScriptError(`--${option.name} needs an address, not "${option.value}"`, option);
  return addr;
}

function count(option: ScriptOption, max: number): number {
  const value = Number(option.value);
  if (option.value === '' || !(value >= 0 && value <= max)) {
    throw new ScriptError(`--${option.name} needs a number from 0 to ${max}, not "${option.value}"`, option);
  }
  return value;
}
