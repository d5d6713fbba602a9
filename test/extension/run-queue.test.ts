import assert from 'node:assert/strict';
import { type Job, RunQueue } from '../../src/extension/run-queue.ts';

/** A job that ends when told to, and tells what became of it. */
class Task implements Job {
  #end!: (ok: boolean) => void;
  readonly #ended = new Promise<boolean>((resolve) => {
    this.#end = resolve;
  });
  readonly #name: string;
  readonly #log: string[];

  constructor(name: string, log: string[]) {
    this.#name = name;
    this.#log = log;
  }

  run(): Promise<boolean> {
    this.#log.push(`${this.#name} runs`);
    return this.#ended;
  }

  skip(): void {
    this.#log.push(`${this.#name} skipped`);
  }

  end(ok: boolean): this {
    this.#end(ok);
    return this;
  }
}

describe('run queue', () => {
  let log: string[];
  const task = (name: string) => new Task(name, log);
  beforeEach(() => {
    log = [];
  });

  it('runs one job at a time, in order', async () => {
    const queue = new RunQueue();
    const [a, b] = [task('a'), task('b')];
    const done = queue.add([a, b]);
    assert.deepEqual(log, ['a runs']);
    a.end(true);
    b.end(true);
    await done;
    assert.deepEqual(log, ['a runs', 'b runs']);
  });

  it('appends jobs of a later gesture behind those that wait', async () => {
    const queue = new RunQueue();
    const [a, b, c] = [task('a'), task('b'), task('c')];
    const first = queue.add([a, b]);
    const second = queue.add([c]);
    for (const each of [a, b, c]) each.end(true);
    await Promise.all([first, second]);
    assert.deepEqual(log, ['a runs', 'b runs', 'c runs']);
  });

  it('skips everything behind the first failure, of any gesture, and takes new jobs afterwards', async () => {
    const queue = new RunQueue();
    const [a, b, c, d] = [task('a'), task('b'), task('c'), task('d').end(true)];
    void queue.add([a, b]);
    const done = queue.add([c]);
    a.end(false);
    await done;
    await queue.add([d]);
    assert.deepEqual(log, ['a runs', 'b skipped', 'c skipped', 'd runs']);
  });

  it('takes a waiting job out, and leaves a running one alone', async () => {
    const queue = new RunQueue();
    const [a, b, c] = [task('a'), task('b'), task('c').end(true)];
    const done = queue.add([a, b, c]);
    queue.remove(b);
    queue.remove(a);
    queue.remove(b);
    a.end(true);
    await done;
    assert.deepEqual(log, ['a runs', 'b skipped', 'c runs']);
  });

  it('is idle when nothing was asked for, and works after that', async () => {
    const queue = new RunQueue();
    await queue.idle();
    await queue.add([]);
    await queue.add([task('a').end(true)]);
    await queue.idle();
    assert.deepEqual(log, ['a runs']);
  });
});
