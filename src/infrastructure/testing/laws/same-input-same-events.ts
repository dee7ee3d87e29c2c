import { formatStream } from '../../../domain/index.ts';
import type { Recorded } from '../../../domain/index.ts';
import { knownDifferences } from '../compare/differences.ts';
import { listDifferences } from '../compare/explain-values.ts';
import { nameOfEvent } from '../compare/name-of-event.ts';
import { listOf } from '../compare/show.ts';
import { errorsOf } from '../scenario/act.ts';
import type { Act } from '../scenario/act.ts';
import { otherDayMs } from '../scenario/weather.ts';
import type { Weather } from '../scenario/weather.ts';
import type { Breach } from './law.ts';

const law = 'same-input-same-events';

type MachineClock = Pick<Weather, 'shiftMs' | 'standsAtMs'>;

/** Tells the story once more in a weather, and gives what came of every `when`. */
export type TellAgain = (weather: Weather) => Promise<readonly Act[]>;

/** Remembers what chance gave, so that a second run can be given something else. */
export class Chance {
  readonly #drawn: number[] = [];

  /** As it is in production. */
  asUsual(): Weather {
    const random = (real: () => number): number => {
      const value = real();
      this.#drawn.push(value);
      return value;
    };
    return { shiftMs: 0, random };
  }

  /** The same numbers again. */
  again(clock: MachineClock): Weather {
    return { ...clock, random: this.#moved(0) };
  }

  /** Other numbers, as far away as can be: a coin falls on its other side. */
  otherwise(clock: MachineClock): Weather {
    return { ...clock, random: this.#moved(0.5) };
  }

  #moved(by: number): () => number {
    let next = 0;
    return () => ((this.#drawn[next++] ?? 0.25) + by) % 1;
  }
}

/** The same events, command, clock and ids give the same events, whatever the day and the dice say. */
export async function sameInputSameEvents(
  first: readonly Act[],
  chance: Chance,
  tellAgain: TellAgain,
): Promise<Breach | undefined> {
  const second = await tellAgain(chance.otherwise({ shiftMs: otherDayMs }));
  const found = firstDifference(first, second);
  if (found === undefined) return undefined;
  const culprit = await culpritOf(chance, tellAgain);
  return {
    law,
    claim: found.claim,
    details: found.details,
    culprit,
    why:
      'A command that loses a race is decided again, and a test that depends on the day fails on another one. ' +
      'Give the decision what it needs: inject the clock (tokens.clock) and the ids (tokens.ids) into the handler, and pass ' +
      'times and ids on as arguments.',
  };
}

/* Which of clock and chance it is. The clock stands meanwhile, so that no millisecond passes from run to run. */
async function culpritOf(chance: Chance, tellAgain: TellAgain): Promise<string> {
  const clock = { shiftMs: 0, standsAtMs: Date.now() };
  const asBefore = await tellAgain(chance.again(clock));
  const differs = async (weather: Weather): Promise<boolean> =>
    firstDifference(asBefore, await tellAgain(weather)) !== undefined;
  if (await differs(chance.again(clock)))
    return 'It differs in every run: a random id, or a counter outside of the aggregate.';
  const byClock = await differs(chance.again({ ...clock, shiftMs: otherDayMs }));
  const byChance = await differs(chance.otherwise(clock));
  return [
    ...(byClock ? ["The machine's clock is read: new Date() or Date.now()."] : []),
    ...(byChance ? ['Math.random() is called.'] : []),
  ].join(' ');
}

function firstDifference(
  first: readonly Act[],
  second: readonly Act[],
): Pick<Breach, 'claim' | 'details'> | undefined {
  for (const [index, act] of first.entries()) {
    const found = actDifference(act, second[index]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function actDifference(first: Act, second: Act | undefined): Pick<Breach, 'claim' | 'details'> | undefined {
  const [one, two] = [outcomeOf(first), second === undefined ? 'nothing' : outcomeOf(second)];
  if (second === undefined || one !== two) {
    return {
      claim: 'the same story ended otherwise when it was told again.',
      details: [`    first ${one}`, `    then  ${two}`],
    };
  }
  const others = byStream(second.events);
  for (const [index, event] of byStream(first.events).entries()) {
    const changed = knownDifferences(contentOf(event), contentOf(others[index]!));
    if (changed.length === 0) continue;
    return {
      claim: `${nameOfEvent(event)} had another ${listOf(changed.map(({ path }) => path))} when the same story was told again.`,
      details: listDifferences(changed, ['first', 'then']),
    };
  }
  return undefined;
}

function outcomeOf(act: Act): string {
  const errors = errorsOf(act).map(({ name }) => name);
  const events = byStream(act.events).map(nameOfEvent);
  return [...errors, events.length === 0 ? 'no event' : events.join(', ')].join(' and ');
}

/* Reactions run side by side, so that only the order within a stream is the same in every run. */
function byStream(events: readonly Recorded<object>[]): readonly Recorded<object>[] {
  return [...events].sort((a, b) =>
    formatStream(a) < formatStream(b) ? -1 : formatStream(a) > formatStream(b) ? 1 : a.version - b.version,
  );
}

function contentOf({ payload, aggregateId }: Recorded<object>): object {
  return { ...payload, 'aggregate id': aggregateId };
}
