import type * as fastCheck from 'fast-check';
import { aggregateClassOf } from '../../../domain/decider.ts';
import { streamOf } from '../../../application/replay/event-replay.ts';
import type { AggregateSource } from '../../../domain/index.ts';
import { MissingPackage } from '../../../application/missing-package.ts';
import { paint } from '../compare/paint.ts';
import { count, show } from '../compare/show.ts';
import { ScenarioFailed } from '../scenario-failed.ts';
import type { Arbitrary, ExploreOptions } from './explore-options.ts';
import { commandOf, methodCall } from './happening.ts';
import type { Happening } from './happening.ts';
import { idOf } from '../scenario/story.ts';
import { pasteable } from './paste.ts';
import type { FailedStory } from './paste.ts';
import { eventsOf, tellHappenings } from './told-happenings.ts';
import type { Explored } from './told-happenings.ts';
import { Witness } from './witness.ts';

type FastCheck = typeof fastCheck;
type Arbitraries = Readonly<Record<string, readonly Arbitrary<unknown>[]>> | readonly Arbitrary<object>[];

/**
 * Lets random commands happen to an aggregate, and looks after each whether the invariants and the laws hold.
 *
 *     test('never goes below zero', () =>
 *       explore(Account, {
 *         commands: { deposit: [fc.integer()], withdraw: [fc.integer()] },
 *         invariants: { 'the balance is never negative': account => account.balance >= 0 },
 *       }));
 *
 * A command may be refused by a `DomainError`; any other error is a fault. What fails is shrunk to the shortest story
 * that fails, and printed as a test that is ready to paste. It looks at the aggregate `<type>-1`, or at the one that
 * `id` names, and fails if no run ever changed that. Needs the package `fast-check`.
 */
export async function explore<Source extends AggregateSource>(
  source: Source,
  options: ExploreOptions<Source>,
): Promise<void> {
  const fc = await loadFastCheck();
  const { commands, invariants = {}, runs = 100, maxCommands = 10, seed, ...scenario } = options;
  const explored: Explored = { source, options: scenario, invariants };
  const happening = fc.oneof(...happeningsOf(fc, source, commands as Arbitraries));
  const stories = fc.array(happening, { minLength: 1, maxLength: maxCommands });
  const witness = new Witness(
    aggregateClassOf(source).name,
    streamOf(source, explored.options.id ?? idOf(source)),
  );
  const property = fc.asyncProperty(stories, async story => {
    const { acts, failure } = await tellHappenings(explored, [], story);
    witness.see(acts);
    return failure === undefined;
  });
  const found = await fc.check(property, { numRuns: runs, ...(seed !== undefined && { seed }) });
  if (!found.failed || found.counterexample === null) {
    if (found.failed) throw found.errorInstance;
    witness.refuseIdleness(found.numRuns);
    return;
  }
  const shortest = await shorten(explored, found.counterexample[0]);
  throw new ScenarioFailed(describe(explored, shortest, found));
}

function happeningsOf(
  fc: FastCheck,
  source: AggregateSource,
  commands: Arbitraries,
): readonly fastCheck.Arbitrary<Happening>[] {
  if (Array.isArray(commands)) {
    return (commands as readonly Arbitrary<object>[]).map(command =>
      asFastCheck<object>(command).map(commandOf),
    );
  }
  const { name } = aggregateClassOf(source);
  const variable = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  return Object.entries(commands as Readonly<Record<string, readonly Arbitrary<unknown>[]>>).map(
    ([method, args]) =>
      fc
        .tuple(...args.map(argument => asFastCheck(argument)))
        .map(values => methodCall(variable, method, values)),
  );
}

function asFastCheck<T>(arbitrary: Arbitrary<T>): fastCheck.Arbitrary<T> {
  return arbitrary as unknown as fastCheck.Arbitrary<T>;
}

/* What happened before the last command is told by its events, where the last one fails in the same way then. */
async function shorten(explored: Explored, happenings: readonly Happening[]): Promise<FailedStory> {
  const told = await tellHappenings(explored, [], happenings);
  const whole = { given: [], happenings: happenings.slice(0, Math.max(1, told.acts.length)), told };
  const { aggregateType, aggregateId } = streamOf(explored.source, explored.options.id ?? '');
  const before = told.acts.slice(0, -1).flatMap(act => act.events);
  const isOwn = before.every(
    event =>
      event.aggregateType === aggregateType && (aggregateId === '' || event.aggregateId === aggregateId),
  );
  if (before.length === 0 || !isOwn) return whole;
  const given = told.acts.slice(0, -1).flatMap(eventsOf);
  const last = whole.happenings.slice(-1);
  const again = await tellHappenings(explored, given, last);
  return again.failure !== undefined && again.broken === told.broken
    ? { given, happenings: last, told: again }
    : whole;
}

function describe(
  explored: Explored,
  story: FailedStory,
  found: { seed: number; numRuns: number; numShrinks: number },
): string {
  const { given, happenings, told } = story;
  const steps = given.length === 0 ? '' : ` after ${count(given.length, 'event')}`;
  const lines = happenings.map(({ text }, index) => {
    const events = told.acts[index] && eventsOf(told.acts[index]).map(show).join(', ');
    return `    ${text}${events === undefined || events === '' ? '' : `   stored ${events}`}`;
  });
  return [
    paint(
      `A story of ${count(happenings.length, 'command')}${steps} fails for ${aggregateClassOf(explored.source).name}.`,
      'loud',
    ),
    '',
    ...given.map(event => `    given ${show(event)}`),
    ...lines,
    '',
    ...(told.failure?.message ?? '').split('\n').map(line => `  ${line}`.trimEnd()),
    '',
    '  Ready to paste:',
    '',
    ...pasteable(explored, story).map(line => `    ${line}`),
    '',
    `  Found in run ${found.numRuns}, shrunk ${count(found.numShrinks, 'time')}. Repeat it with { seed: ${found.seed} }.`,
  ].join('\n');
}

async function loadFastCheck(): Promise<FastCheck> {
  try {
    return await import('fast-check');
  } catch (error) {
    throw new MissingPackage('fast-check', 'explore()', error);
  }
}
