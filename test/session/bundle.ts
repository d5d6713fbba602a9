/** The bundles as they ship, made once per process, and sessions in them that end with their test. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BUNDLES } from '../../esbuild.mjs';
import { DEFAULT_TOPOLOGY } from '../../src/format/topology.ts';
import { SessionClient } from '../../src/session/client.ts';
import { sessionConfig } from '../../src/session/notebook.ts';
import type { CellRequest, RunResult, SessionConfig, SpawnWorker } from '../../src/session/protocol.ts';
import { nodeWorker } from '../../src/session/worker-host-node.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Tests run in several processes at once; each has bundles of its own, for as long as it lives. */
const FOLDER = join(ROOT, '.build/test', String(process.pid));
process.once('exit', () => rmSync(FOLDER, { recursive: true, force: true }));

const bundled = new Map<string, Promise<string>>();

/** The path of a bundle of esbuild.mjs, made once per process. */
export function bundle(name: 'session-worker.cjs' | 'socknb.mjs'): Promise<string> {
  const made = bundled.get(name) ?? make(name);
  bundled.set(name, made);
  return made;
}

async function make(name: string): Promise<string> {
  const found = BUNDLES.find(({ out }) => out === name);
  if (!found) throw new Error(`esbuild.mjs makes no ${name}`);
  mkdirSync(FOLDER, { recursive: true });
  const outfile = join(FOLDER, name);
  await build({ ...found.options, absWorkingDir: ROOT, entryPoints: [found.entry], outfile, bundle: true });
  return outfile;
}

/** Starts workers of that bundle, of 64 MB unless told otherwise. */
export const spawner = async (memory = 64): Promise<SpawnWorker> =>
  nodeWorker(await bundle('session-worker.cjs'), { memory });

/** Two hosts, 10 ms apart: what a notebook gets that describes no network. */
export const CONFIG: SessionConfig = sessionConfig({ seed: 1, topology: DEFAULT_TOPOLOGY }, 'simulator');

/** A TypeScript cell without views. */
export const cell = (label: string, source: string, more: Partial<CellRequest> = {}): CellRequest => ({
  label,
  language: 'typescript',
  source,
  views: [],
  ...more,
});

/** A session for one test, with shorthands. */
export class Bench {
  readonly client: SessionClient;
  #cells = 0;

  private constructor(client: SessionClient) {
    this.client = client;
  }

  static async open(config: Partial<SessionConfig> = {}, memory?: number): Promise<Bench> {
    return new Bench(await SessionClient.start({ ...CONFIG, ...config }, await spawner(memory)));
  }

  /** Runs cells named c1, c2, ... one after the other and gives the last result. */
  async run(...sources: string[]): Promise<RunResult> {
    const results = sources.map((source) => this.client.run(cell(`c${++this.#cells}`, source)));
    return (await Promise.all(results)).at(-1) as RunResult;
  }
}

/** `mocha`'s hooks around a fresh bench for each test. */
export function benchEach(config: Partial<SessionConfig> = {}): { readonly now: Bench } {
  let bench: Bench;
  before(async function () {
    this.timeout(60_000);
    await bundle('session-worker.cjs');
  });
  beforeEach(async () => {
    bench = await Bench.open(config);
  });
  afterEach(() => bench.client.dispose());
  return {
    get now() {
      return bench;
    },
  };
}
