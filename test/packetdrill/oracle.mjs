/**
 * `node test/packetdrill/oracle.mjs [FILE…]`: runs our scripts against the kernel of this machine, by the real packetdrill,
 * each in a network namespace of its own, and says which agree. Needs Linux, root, `unshare`, `ip`, and google/packetdrill,
 * found by $PACKETDRILL or on PATH; without them it says so and does nothing. A script whose header names another kernel
 * than this one is run all the same: the header says with which it has agreed, not with which it must.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';

const FOLDER = join(import.meta.dirname, 'scripts');
const named = process.env.PACKETDRILL ?? 'packetdrill';
const PACKETDRILL = named.includes('/') ? resolve(named) : named;
/** Real seconds that one script may take. */
const PATIENCE = 60;
/** The addresses that the simulated host has: the defaults of both. */
const ADDRESSES = [
  '--ip_version=ipv4',
  '--local_ip=192.168.0.1',
  '--gateway_ip=192.168.0.1',
  '--netmask_ip=255.255.0.0',
  '--remote_ip=192.0.2.1',
];
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
 * @returns {{agrees: boolean, told: string}}
 */
function ask(file) {
  const inside = 'ip link set lo up && exec "$@"';
  const args = ['--net', 'sh', '-c', inside, 'sh', PACKETDRILL, ...ADDRESSES, basename(file)];
  const { status, stderr } = spawnSync('unshare', args, {
    cwd: dirname(file),
    timeout: PATIENCE * 1000,
    encoding: 'utf8',
  });
  return { agrees: status === 0, told: stderr.trim() };
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

const given = process.argv.slice(2).map((file) => resolve(file));
const files =
  given.length > 0
    ? given
    : readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.pkt'))
        .sort()
        .map((name) => join(FOLDER, name));

let disagree = 0;
for (const file of files) {
  let answer = ask(file);
  for (let i = 1; i < TRIES && !answer.agrees; i++) answer = ask(file);
  console.log(`${answer.agrees ? 'agrees   ' : 'DISAGREES'}  ${relative(process.cwd(), file)}`);
  if (answer.agrees) continue;
  disagree++;
  console.log(answer.told.replace(/^/gm, '    '));
}
console.log(`\nLinux ${release()}: ${files.length - disagree} of ${files.length} scripts agree.`);
process.exitCode = disagree > 0 ? 1 : 0;
