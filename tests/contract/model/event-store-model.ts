import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import type { MakeEventStore } from '../../../src/infrastructure/testing/contract/contract-case.ts';
import { VirtualClock } from '../../../src/infrastructure/testing/virtual-clock.ts';
import { ModelRun } from './model-run.ts';
import { steps } from './steps.ts';
import type { Step } from './steps.ts';

/**
 * Compares a store with the model over random sequences of steps.
 *
 * `ANNALS_MODEL_RUNS` says how many sequences, `ANNALS_MODEL_SEED` which ones; without it a slow machine takes fewer
 * of them, those of ten seconds. A failure prints its seed and a
 * sequence in which every step is needed to fail.
 */
export async function compareWithModel(makeStore: MakeEventStore, defaultRuns: number): Promise<void> {
  const numRuns = Number(process.env.ANNALS_MODEL_RUNS ?? defaultRuns);
  const seed = Number(process.env.ANNALS_MODEL_SEED ?? randomInt(2 ** 31));
  let count = 0;
  const fails = (taken: readonly Step[]): Promise<Failure | undefined> =>
    takeSteps(makeStore, taken, `${seed.toString(36)}-${process.pid}-${++count}`);
  const sequences = fc.array(steps, { minLength: 1, maxLength: 40, size: 'max' });
  const property = fc.asyncProperty(sequences, async taken => (await fails(taken)) === undefined);
  const limits = process.env.ANNALS_MODEL_RUNS === undefined ? { interruptAfterTimeLimit: 10_000 } : {};
  const { counterexample, numRuns: ran } = await fc.check(property, { seed, numRuns, ...limits });
  if (counterexample === null) return;
  const shortest = await removeNeedless(counterexample[0], fails);
  const story = shortest.map((step, index) => `${index + 1}. ${tell(step)}`).join('\n');
  const { error } = (await fails(shortest)) ?? { error: 'It did not fail again.' };
  const reason = error instanceof Error ? error.stack : String(error);
  throw new Error(`Sequence ${ran} differs from the model (ANNALS_MODEL_SEED=${seed}):\n${story}\n${reason}`);
}

interface Failure {
  readonly error: unknown;
}

async function takeSteps(
  makeStore: MakeEventStore,
  taken: readonly Step[],
  run: string,
): Promise<Failure | undefined> {
  const clock = new VirtualClock();
  await using store = await makeStore({ clock });
  const modelRun = new ModelRun({ store, clock, startPosition: await store.settledPosition(), run });
  try {
    for (const step of taken) await modelRun.take(step);
    await modelRun.compareAll();
    return undefined;
  } catch (error) {
    return { error };
  }
}

/* fast-check shortens from the front and within steps; in the middle much is left that does not matter. */
async function removeNeedless(
  taken: readonly Step[],
  fails: (taken: readonly Step[]) => Promise<Failure | undefined>,
): Promise<readonly Step[]> {
  let left = taken;
  for (let index = taken.length - 1; index >= 0; index--) {
    const without = left.toSpliced(index, 1);
    if ((await fails(without)) !== undefined) left = without;
  }
  return left;
}

function tell({ do: what, ...rest }: Step): string {
  const facts = Object.entries(rest).filter(([, value]) => value !== undefined);
  return `${what} ${facts.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', ')}`;
}
