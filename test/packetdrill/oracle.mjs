/**
 * `node test/packetdrill/oracle.mjs [--ip-version VERSION] [FILE…]`: runs our scripts against the kernel of this machine, by
 * the real packetdrill, each in a network namespace of its own, and says which agree: over IPv4, over IPv4 by sockets of
 * AF_INET6, and over IPv6, or over the one that is named (ipv4, ipv4-mapped-v6, ipv6). Needs Linux, root, `unshare`, `ip`, and google/packetdrill,
 * found by $PACKETDRILL or on PATH; without them it says so and does nothing. A script whose header names another kernel
 * than this one is run all the same: the header says with which it has agreed, not with which it must.
 *
 * `--arrivals N [--seed S]`: N random scripts (arrivals.ts) in which the simulator says what the kernel will answer.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const FOLDER = join(import.meta.dirname, 'scripts');
const PREDICTIONS = join(import.meta.dirname, '../../.build/arrivals');
const named = process.env.PACKETDRILL ?? 'packetdrill';
const PACKETDRILL = named.includes('/') ? resolve(named) : named;
/** Real seconds that one script may take. */
const PATIENCE = 60;
const IPV4 = [
  '--local_ip=192.168.0.1',
  '--gateway_ip=192.168.0.1',
  '--netmask_ip=255.255.0.0',
  '--remote_ip=192.0.2.1',
];
/**
 * Words of scripts for what differs between the families of sockets.
 * @param {'IP' | 'IPV6'} family
 */
const words = (family) => ['-D', `CMSG_LEVEL_IP=SOL_${family}`, '-D', `CMSG_TYPE_RECVERR=${family}_RECVERR`];

/**
 * The addresses that the simulated host has (src/packetdrill/modes.ts), and the gateway that a real one needs.
 * @type {Record<string, readonly string[]>}
 */
const MODES = {
  ipv4: ['--ip_version=ipv4', ...IPV4, ...words('IP')],
  'ipv4-mapped-v6': ['--ip_version=ipv4-mapped-ipv6', ...IPV4, ...words('IPV6')],
  ipv6: [
    '--ip_version=ipv6',
    '--mtu=1520',
    '--local_ip=fd3d:0a0b:17d6::1',
    '--gateway_ip=fd3d:0a0b:17d6:8888::1',
    '--remote_ip=fd3d:fa7b:d17d::1',
    ...words('IPV6'),
  ],
};
/** Timing on a busy machine goes wrong now and then: a script that agrees once agrees. */
const TRIES = 3;

/** @returns {string | undefined} why the kernel cannot be asked */
function obstacle() {
  if (process.platform !== 'linux') return 'this is not Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  if (spawnSync(PACKETDRILL, ['--help']).error) return `${PACKETDRILL} is not installed: set PACKETDRILL to its path`;
  return undefined;
}

/**
 * Runs a script against the kernel.
 * @param {string} file
 * @param {string} mode
 * @returns {{agrees: boolean, told: string}}
 */
function ask(file, mode) {
  const inside = 'ip link set lo up && exec "$@"';
  const args = ['--net', 'sh', '-c', inside, 'sh', PACKETDRILL, ...(MODES[mode] ?? []), basename(file)];
  const { status, stderr } = spawnSync('unshare', args, {
    cwd: dirname(file),
    timeout: PATIENCE * 1000,
    encoding: 'utf8',
  });
  return { agrees: status === 0, told: stderr.trim() };
}

/**
 * Whether a script is for this version of IP: it may say so in its name, or by an IPv4 address.
 * @param {string} file
 * @param {string} mode
 */
function runsOver(file, mode) {
  if (mode !== 'ipv6') return !file.endsWith('v6.pkt');
  return !file.endsWith('v4.pkt') && !/\b\d+\.\d+\.\d+\.\d+\b/.test(readFileSync(file, 'utf8'));
}

const why = obstacle();
if (why) {
  console.log(`The kernel is not asked: ${why}.`);
  process.exit(0);
}

const allowed = readFileSync('/proc/sys/net/ipv4/tcp_allowed_congestion_control', 'utf8').trim();
for (const name of ['reno', 'cubic', 'bbr']) {
  if (!allowed.split(' ').includes(name))
    console.log(
      `A namespace may not choose ${name} here: add it to net.ipv4.tcp_allowed_congestion_control (${allowed}).`,
    );
}

const { values, positionals } = parseArgs({
  options: {
    'ip-version': { type: 'string' },
    arrivals: { type: 'string' },
    seed: { type: 'string', default: '0' },
  },
  allowPositionals: true,
});
const chosen = values['ip-version'];
if (chosen !== undefined && !Object.hasOwn(MODES, chosen)) {
  console.error(`--ip-version is ${Object.keys(MODES).join(', ')}, not '${chosen}'`);
  process.exit(2);
}
const modes = chosen === undefined ? Object.keys(MODES) : [chosen];

/**
 * Writes random scripts, one file for each seed, and gives their names.
 * @param {number} count
 * @param {number} seed of the first
 */
async function predictions(count, seed) {
  mkdirSync(PREDICTIONS, { recursive: true });
  const outfile = join(PREDICTIONS, 'arrivals.mjs');
  const entryPoints = [join(import.meta.dirname, 'arrivals.ts')];
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20' });
  const { arrivals } = /** @type {typeof import('./arrivals.ts')} */ (await import(pathToFileURL(outfile).href));
  return Array.from({ length: count }, (_, i) => {
    const file = join(PREDICTIONS, `${seed + i}-v4.pkt`);
    writeFileSync(file, arrivals(seed + i));
    return file;
  });
}

const given =
  values.arrivals === undefined
    ? positionals.map((file) => resolve(file))
    : await predictions(Number(values.arrivals), Number(values.seed));
const files =
  given.length > 0
    ? given
    : readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.pkt'))
        .sort()
        .map((name) => join(FOLDER, name));

let disagree = 0;
let asked = 0;
for (const file of files) {
  for (const mode of modes) {
    if (!runsOver(file, mode)) continue;
    asked++;
    let answer = ask(file, mode);
    for (let i = 1; i < TRIES && !answer.agrees; i++) answer = ask(file, mode);
    console.log(`${answer.agrees ? 'agrees   ' : 'DISAGREES'}  ${relative(process.cwd(), file)} (${mode})`);
    if (answer.agrees) continue;
    disagree++;
    console.log(answer.told.replace(/^/gm, '    '));
  }
}
console.log(`\nLinux ${release()}: ${asked - disagree} of ${asked} runs agree.`);
process.exitCode = disagree > 0 ? 1 : 0;
