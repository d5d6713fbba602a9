/**
 * The session of one notebook under one kernel: started by the first cell that runs, restarted and ended on demand.
 *
 * Guarantees: at most one session at a time; an interrupt that comes while the session starts is not lost; after
 * `restart` and `dispose` the clock and the count of runs begin anew. Knows no editor and no platform.
 */
import { type RunListener, SessionClient } from '../session/client.ts';
import type { CellRequest, RunResult, SessionConfig, SpawnWorker } from '../session/protocol.ts';
import { type Time, ZERO } from '../sim/base/time.ts';
import { sameWorld } from './requests.ts';

/** What a reader can be told about the session at any moment. */
export interface SlotState {
  readonly config: SessionConfig;
  /** The virtual clock. */
  readonly now: Time;
  /** Events in the log. */
  readonly events: number;
  /** Cells that were run in this world. */
  readonly runs: number;
  readonly running: boolean;
}

/** What a running cell tells before it has ended. */
export interface SlotListener extends Pick<RunListener, 'print'> {
  /** It begins, as the `order`th run of its world: 1 for the first. */
  begun?(order: number): void;
}

export class SessionSlot {
  readonly #spawn: SpawnWorker;
  readonly #changed: (slot: SessionSlot) => void;
  #client: Promise<SessionClient> | undefined;
  #state: SlotState;
  /** Raised by each interrupt; a run that sees another number than at its start must not begin. */
  #interrupts = 0;

  /** @param changed is called after each change of {@link state} */
  constructor(config: SessionConfig, spawn: SpawnWorker, changed: (slot: SessionSlot) => void) {
    this.#spawn = spawn;
    this.#changed = changed;
    this.#state = fresh(config);
  }

  get state(): SlotState {
    return this.#state;
  }

  /**
   * Runs a cell.
   * @returns undefined when it was interrupted before it began
   * @throws Error when no session can be started; its message is for the reader
   */
  async run(cell: CellRequest, on: SlotListener = {}): Promise<RunResult | undefined> {
    const interrupts = this.#interrupts;
    const world = this.#started();
    const client = await world;
    if (interrupts !== this.#interrupts) return undefined;
    const runs = this.#state.runs + 1;
    this.#set({ runs, running: true });
    on.begun?.(runs);
    // What a world says after it was left is not news any more.
    const tell = (change: Partial<SlotState>) => this.#client === world && this.#set(change);
    const result = await client.run(cell, {
      print: (text, stream) => on.print?.(text, stream),
      clock: (now, events) => tell({ now, events }),
    });
    tell({ ...clockOf(result, this.#state), running: false });
    return result;
  }

  /** Stops the cell that runs or is about to. */
  interrupt(): void {
    this.#interrupts++;
    void this.#client?.then(
      (client) => client.interrupt(),
      () => {},
    );
  }

  /** Leaves the world: the next cell runs in a fresh one, made as `config` says. A running cell is stopped. */
  async restart(config: SessionConfig = this.#state.config): Promise<void> {
    this.#interrupts++;
    const client = this.#client;
    this.#client = undefined;
    this.#state = fresh(config);
    this.#changed(this);
    await client?.then(
      (session) => session.dispose(),
      () => {},
    );
  }

  /** Takes over another configuration. @returns whether that meant to leave the world */
  reconfigure(config: SessionConfig): boolean {
    if (sameWorld(config, this.#state.config)) return false;
    void this.restart(config);
    return true;
  }

  /** Ends the session and frees what it holds. */
  dispose(): Promise<void> {
    return this.restart();
  }

  /** The session, started if need be; one that could not start is forgotten, so that the next cell tries again. */
  #started(): Promise<SessionClient> {
    if (this.#client) return this.#client;
    const starting = SessionClient.start(this.#state.config, this.#spawn);
    starting.catch(() => {
      if (this.#client === starting) this.#client = undefined;
    });
    this.#client = starting;
    return starting;
  }

  #set(change: Partial<SlotState>): void {
    this.#state = { ...this.#state, ...change };
    this.#changed(this);
  }
}

const fresh = (config: SessionConfig): SlotState => ({ config, now: ZERO, events: 0, runs: 0, running: false });

/** The clock after a run. A cell that did not get into the world knows no time; a world that was replaced is new. */
function clockOf({ now, events, recovery }: RunResult, before: SlotState): Pick<SlotState, 'now' | 'events'> {
  return events === 0 && recovery === undefined ? { now: before.now, events: before.events } : { now, events };
}
