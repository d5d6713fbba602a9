/** `socknb capture`: a notebook's cells in a session of their own, and their packets as a file for packet analysers. */
import { SessionClient } from '../session/client.ts';
import { sessionConfig } from '../session/notebook.ts';
import { decode } from '../sim/trace/codec.ts';
import type { Log } from '../sim/trace/log.ts';
import { factsOf } from '../views/facts.ts';
import { pcapng } from '../views/pcapng.ts';
import { type Command, UsageError } from './args.ts';
import type { Io } from './io.ts';
import { FileError, loadNotebook, sameFile, writeBytes } from './load.ts';
import { runCells, wanted } from './run.ts';
import { VERSION } from './version.ts';

/** What writes the files. */
export const PROGRAM = `socknb ${VERSION}`;

/** @returns the exit code: 1 when a cell failed; what was sent until then is in the file all the same */
export async function capture(command: Extract<Command, { name: 'capture' }>, io: Io): Promise<number> {
  const { file, output, both } = command;
  const notebook = loadNotebook(file);
  if (sameFile(file, output)) throw new FileError(`${output}: this is the notebook itself`);
  const cells = wanted(notebook, command.until);
  const client = await SessionClient.start(sessionConfig(notebook.frontMatter, 'simulator'), io.spawn);
  const stopListening = io.onInterrupt(() => client.interrupt());
  try {
    const done = await runCells(cells, client, 'simulator', file, () => {});
    const failed = done.find(({ result }) => result && !result.ok);
    if (failed) io.err(`${file}: cell ${failed.label} failed; see 'socknb run'\n`);
    const decoded = decode(await client.log());
    if (!decoded.ok) throw new Error(decoded.reason);
    const host = both ? 'all' : hostOf(decoded.log, command.host);
    const { seed } = notebook.frontMatter;
    writeBytes(output, pcapng(decoded.log, { seed, program: PROGRAM, ...(host !== undefined && { host }) }));
    return failed ? 1 : 0;
  } finally {
    stopListening();
    await client.dispose();
  }
}

/** The number of a host. @throws UsageError when there is none of that name */
function hostOf(log: Log, name: string | undefined): number | undefined {
  if (name === undefined) return undefined;
  const { hosts } = factsOf(log);
  const found = hosts.find((host) => host.name === name);
  if (!found) throw new UsageError(`--host is ${hosts.map((host) => host.name).join(' or ')}, not '${name}'`);
  return found.host;
}
