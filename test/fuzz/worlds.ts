/**
 * One world per seed: the plan that the seed makes, played and judged. A world that breaks a rule is shrunk to the smallest
 * plan that still does.
 */
import fc from 'fast-check';
import { equalBytes } from '../../src/sim/base/bytes.ts';
import { encode } from '../../src/sim/trace/codec.ts';
import { judge } from './judge.ts';
import { type Plan, plans } from './plan.ts';
import { type Played, play } from './play.ts';

/** One world in so many is played twice: the same seed must give the same log. */
const TWICE = 16;
/** Milliseconds that shrinking may take. */
const SHRINKING = 30_000;

/** The plan of a seed. */
export const planOf = (seed: number): Plan => fc.sample(plans, { seed, numRuns: 1 })[0] as Plan;

/** Plays and judges a plan. @returns what is wrong, one line each */
export async function breachesOf(plan: Plan, twice: boolean): Promise<string[]> {
  let played: Played;
  try {
    played = await play(plan);
    const breaches = judge(played);
    if (!twice) return breaches;
    const again = await play(plan);
    return equalBytes(encode(played.log), encode(again.log)) ? breaches : [...breaches, 'the same seed gives two logs'];
  } catch (error) {
    return [`the simulator broke: ${(error as Error)?.stack ?? error}`];
  }
}

/** A world that breaks a rule. */
export interface Failure {
  seed: number;
  breaches: string[];
  /** The smallest plan found that breaks one too, and what is wrong with it. */
  smallest: Plan;
  smallestBreaches: string[];
}

/** The world of a seed: undefined when all is right. */
export async function world(seed: number): Promise<Failure | undefined> {
  const twice = seed % TWICE === 0;
  const plan = planOf(seed);
  const breaches = await breachesOf(plan, twice);
  if (breaches.length === 0) return undefined;
  const property = fc.asyncProperty(plans, async (smaller) => (await breachesOf(smaller, twice)).length === 0);
  const details = await fc.check(property, { seed, numRuns: 1, interruptAfterTimeLimit: SHRINKING });
  const smallest = details.counterexample?.[0] ?? plan;
  return { seed, breaches, smallest, smallestBreaches: await breachesOf(smallest, twice) };
}

/** A failure, for people. */
export function failureText({ seed, breaches, smallest, smallestBreaches }: Failure): string {
  return [
    `world ${seed}: npm run fuzz -- --one ${seed}`,
    ...breaches.map((breach) => `  ${breach}`),
    `  shrunk to ${JSON.stringify(smallest)}`,
    ...smallestBreaches.map((breach) => `    ${breach}`),
  ].join('\n');
}
