/** `socknb packetdrill`: scripts against a simulated host, told as text, TAP or JUnit's XML, or as a table of a suite. */
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { MODES, type Mode, wordsOf } from '../packetdrill/modes.ts';
import { needs } from '../packetdrill/needs.ts';
import { parse } from '../packetdrill/parse.ts';
import { asJunit, asTap, asText, summary, type Verdict } from '../packetdrill/report.ts';
import { run } from '../packetdrill/run.ts';
import { us, ZERO } from '../sim/base/time.ts';
import { pcapng } from '../views/pcapng.ts';
import { textOf } from '../views/text.ts';
import { type Command, captureName, UsageError } from './args.ts';
import { PROGRAM } from './capture.ts';
import type { Io } from './io.ts';
import { FileError, systemMessage, writeBytes } from './load.ts';

type PacketdrillCommand = Extract<Command, { name: 'packetdrill' }>;

/** @returns the exit code: 0 when no script failed, 1 when one did, 2 when one is no script */
export function packetdrill(command: PacketdrillCommand, io: Io): number {
  const mode: Mode | undefined = command.mode && MODES[command.mode];
  const defines = wordsOf(mode ?? MODES.ipv4, definesOf(command.define));
  const verdicts: Verdict[] = [];
  const lacks = new Map<string, readonly string[]>();
  const scripts = command.files.flatMap((path) => scriptsIn(path, mode?.others));
  const captureOf = capturesIn(command.pcapng, scripts);
  for (const file of scripts) {
    const text = readText(file);
    const read = (path: string) => readBeside(file, path);
    const { outcome, log } = run(text, { seed: SEED, defines, read, pace: us(command.pace), ...(mode && { mode }) });
    if (log && captureOf) writeBytes(captureOf(file), pcapng(log, { host: 0, seed: SEED, program: PROGRAM }));
    const verdict = { file, outcome, took: log?.now ?? ZERO };
    verdicts.push(verdict);
    if (command.format === 'text') io.out(`${asText(verdict)}\n`);
    if (log && command.format === 'text' && command.show.length > 0) {
      io.out(`\n${textOf(command.show, log, log.length, { host: 0 })}\n\n`);
    }
    if (command.format === 'table' && outcome.end !== 'invalid') lacks.set(file, needs(parse(text, defines), read));
  }
  if (verdicts.length === 0) throw new UsageError('no script there: their names end in .pkt');
  if (command.format === 'tap') io.out(`${asTap(verdicts)}\n`);
  else if (command.format === 'junit') io.out(`${asJunit(verdicts)}\n`);
  else io.out(`${command.format === 'table' ? table(verdicts, lacks) : ''}${summary(verdicts)}\n`);
  const ends = verdicts.map(({ outcome }) => outcome.end);
  return ends.includes('invalid') ? 2 : ends.includes('failed') ? 1 : 0;
}

/** All randomness of the simulated host follows from it. */
const SEED = 1;

/** Where a script's capture goes: the file that was named, or beside its like in the folder. @throws FileError */
function capturesIn(out: string | undefined, scripts: readonly string[]): ((script: string) => string) | undefined {
  if (out === undefined) return undefined;
  if (scripts.length === 1 && !isFolder(out)) return () => out;
  return (script) => {
    const file = join(out, captureName(relative('.', script).replace(/^(\.\.[/\\])+/, '')));
    makeFolder(dirname(file));
    return file;
  };
}

function definesOf(pairs: readonly string[]): Map<string, string> {
  return new Map(
    pairs.map((pair) => {
      const [, name, value] = /^(\w+)=(.*)$/s.exec(pair) ?? [];
      if (name === undefined || value === undefined) throw new UsageError(`--define is NAME=VALUE, not '${pair}'`);
      return [name, value];
    }),
  );
}

/** A script, or all scripts in a folder and below, in the order of their names. @param others how names end that are left out */
function scriptsIn(path: string, others?: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.pkt') && !(others && name.endsWith(others)))
      .sort()
      .map((name) => join(path, name));
  } catch (error) {
    throw new FileError(`${path}: ${systemMessage(error)}`);
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new FileError(`${path}: ${systemMessage(error)}`);
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new FileError(`${file}: ${systemMessage(error)}`);
  }
}

/** A file that a script's command names. */
function readBeside(script: string, path: string): string | undefined {
  try {
    return readFileSync(join(dirname(script), path), 'utf8');
  } catch {
    return undefined;
  }
}

/** Each script with its end and what it lacks; then what is lacking, by how many scripts need it. */
function table(verdicts: readonly Verdict[], lacks: ReadonlyMap<string, readonly string[]>): string {
  const counts = new Map<string, { all: number; alone: number }>();
  const rows = verdicts.map(({ file, outcome }) => {
    const stopped = outcome.end === 'unsupported' ? [outcome.what] : [];
    const missing = outcome.end === 'passed' ? [] : [...new Set([...(lacks.get(file) ?? []), ...stopped])];
    if (outcome.end === 'failed' && missing.length === 0) missing.push('other behaviour');
    for (const feature of missing) {
      const count = counts.get(feature) ?? { all: 0, alone: 0 };
      counts.set(feature, { all: count.all + 1, alone: count.alone + (missing.length === 1 ? 1 : 0) });
    }
    const where = outcome.end === 'passed' ? '' : `:${outcome.line}`;
    return `${outcome.end.padEnd(11)}  ${file}${where}${missing.length > 0 ? `  (${missing.join('; ')})` : ''}`;
  });
  const ranked = [...counts].sort(([, a], [, b]) => b.all - a.all || b.alone - a.alone);
  const features = ranked.map(
    ([what, { all, alone }]) => `${String(all).padStart(7)} ${String(alone).padStart(6)}  ${what}`,
  );
  return [...rows, '', 'scripts  alone  needs', ...features, '', ''].join('\n');
}
