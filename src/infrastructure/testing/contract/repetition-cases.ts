import { deepStrictEqual } from 'node:assert/strict';
import type { ExpectedVersion, StreamId } from '../../../domain/index.ts';
import type { AppendOptions, NewEvent } from '../../../application/ports/event-store.ts';
import { EventIdConflict } from '../../../application/ports/event-store-errors.ts';
import { storeCases } from './contract-case.ts';
import type { CaseBody } from './contract-case.ts';
import { checkRefused } from './expectations.ts';
import { deposited, deposits, withIds } from './sample-events.ts';
import type { StoreUnderTest } from './store-under-test.ts';

const forms: readonly ExpectedVersion[] = [2, 'exists', 'any'];

/** Appends that are repeated because their outcome was not known, and others that look like it. */
export const repetitionCases = storeCases({
  ...Object.fromEntries(forms.map(form => [repeatName(form), repeats(form)])),

  "returns the first result to a repetition that expects 'none'": async subject => {
    const events = withIds(deposits(2));
    await subject.append(subject.stream(), events, { expectedVersion: 'none' });
    await subject.append(subject.stream(), deposits(1));
    await checkRepetition(subject, subject.stream(), events, { expectedVersion: 'none' });
  },

  'returns the first result to a repetition under the same idempotency key': async subject => {
    const options = { expectedVersion: 'any', idempotencyKey: subject.name('key') } as const;
    await subject.append(subject.stream(), deposits(3), options);
    await subject.append(subject.stream(), deposits(1), { idempotencyKey: subject.name('other key') });
    await checkRepetition(subject, subject.stream(), deposits(3), options);
  },

  'returns the first result to a repetition over several streams': async subject => {
    const appends = ['a', 'b'].map(id => ({
      ...{ stream: subject.stream(id), expectedVersion: 'none', events: withIds(deposits(2)) },
    })) as { stream: StreamId; expectedVersion: 'none'; events: NewEvent[] }[];
    const first = await subject.store.appendMany(appends);
    for (const [index, { stream, events }] of appends.entries()) subject.enter(stream, events, first[index]!);
    await subject.append(subject.stream('b'), deposits(1));
    const repeated = first.map(result => ({ ...result, repeated: true }));
    deepStrictEqual(await subject.store.appendMany(appends), repeated);
    await subject.checkStored();
  },

  'refuses an idempotency key that was used for other content': refusesRepetition({
    given: async subject => {
      const options = { idempotencyKey: subject.name('key') };
      await subject.append(subject.stream(), [deposited(1)], options);
      return options;
    },
    repeat: () => [deposited(2)],
  }),

  'refuses an idempotency key that was used for more events': refusesRepetition({
    given: async subject => {
      const options = { idempotencyKey: subject.name('key') };
      await subject.append(subject.stream(), deposits(3), options);
      return options;
    },
    repeat: () => deposits(2),
  }),

  'refuses an idempotency key that was used for fewer events': refusesRepetition({
    given: async subject => {
      const options = { idempotencyKey: subject.name('key') };
      await subject.append(subject.stream(), deposits(2), options);
      return options;
    },
    repeat: () => deposits(3),
  }),

  'takes stored events that follow each other for a repetition, whoever appended them together':
    async subject => {
      const events = withIds(deposits(3));
      await subject.append(subject.stream(), events);
      for (const part of [events.slice(0, 1), events.slice(1)]) {
        const { repeated, version } = await subject.store.append({
          stream: subject.stream(),
          expectedVersion: 'any',
          events: part,
        });
        deepStrictEqual([repeated, version], [true, part.length === 1 ? 1 : 3]);
      }
      await subject.checkStored();
    },

  'refuses a repetition that adds an event behind those stored': refusesRepetition({
    repeat: events => [...events, deposited(4)],
  }),

  'refuses a repetition that puts an event in front of those stored': refusesRepetition({
    repeat: events => [deposited(0), ...events],
  }),

  'refuses event ids that are stored with another payload': refusesRepetition({
    repeat: ([first, ...rest]) => [{ ...first!, payload: { amount: 9 } }, ...rest],
  }),

  'refuses event ids that are stored with another type': refusesRepetition({
    repeat: ([first, ...rest]) => [{ ...first!, type: 'account.withdrawn' }, ...rest],
  }),

  'refuses event ids that are stored with another schema version': refusesRepetition({
    repeat: ([first, ...rest]) => [{ ...first!, schemaVersion: 2 }, ...rest],
  }),

  'refuses event ids that are stored in another order': refusesRepetition({
    repeat: events => [...events].reverse(),
  }),

  'refuses event ids that are stored in another stream': refusesRepetition({
    repeat: events => events,
    into: 'other',
  }),

  'refuses an event id that occurs twice in one append': async subject => {
    const [first, second] = withIds(deposits(2));
    const twice = [first!, { ...second!, eventId: first!.eventId! }];
    await checkConflict(subject, subject.stream(), twice, { eventId: first!.eventId! });
    await subject.append(subject.stream(), deposits(1));
    await checkConflict(subject, subject.stream(), twice, { eventId: first!.eventId! });
  },

  'refuses an event id that occurs in two streams of one append': async subject => {
    const [event] = withIds(deposits(1));
    const [a, b] = [subject.stream('a'), subject.stream('b')];
    const appends = [a, b].map(stream => ({ stream, expectedVersion: 'any' as const, events: [event!] }));
    const facts = { code: 'event-id-conflict', stream: a, eventId: event!.eventId! };
    await checkRefused(() => subject.store.appendMany(appends), EventIdConflict, facts);
    await subject.checkStored();
  },

  'takes event ids for the same in capital letters': async subject => {
    const events = withIds(deposits(1));
    await subject.append(subject.stream(), events);
    const shouted = events.map(event => ({ ...event, eventId: event.eventId!.toUpperCase() }));
    await checkRepetition(subject, subject.stream(), shouted, {});
  },
});

function repeatName(expected: ExpectedVersion): string {
  const form = typeof expected === 'number' ? 'a version' : `'${expected}'`;
  return `returns the first result to a repetition that expects ${form}, after 0, 1 and 1,000 later writes`;
}

function repeats(expectedVersion: ExpectedVersion): CaseBody {
  return async subject => {
    const events = withIds(deposits(3));
    await subject.append(subject.stream(), deposits(2));
    await subject.append(subject.stream(), events, { expectedVersion });
    await checkRepetition(subject, subject.stream(), events, { expectedVersion });
    await subject.append(subject.stream(), deposits(1));
    await checkRepetition(subject, subject.stream(), events, { expectedVersion });
    await subject.append(subject.stream(), deposits(1_000));
    await checkRepetition(subject, subject.stream(), events, { expectedVersion });
  };
}

async function checkRepetition(
  subject: StoreUnderTest,
  stream: StreamId,
  events: readonly NewEvent[],
  options: AppendOptions & { readonly expectedVersion?: ExpectedVersion },
): Promise<void> {
  const { expectedVersion = 'any', ...rest } = options;
  const result = await subject.store.append({ stream, expectedVersion, events }, rest);
  const known = new Set(result.eventIds);
  const stored = subject.ledger.filter(event => known.has(event.eventId));
  const positions = stored.map(event => event.position);
  const { version, position: lastPosition } = stored.at(-1)!;
  const eventIds = stored.map(event => event.eventId);
  deepStrictEqual(result, { stream, version, lastPosition, positions, eventIds, repeated: true });
  await subject.checkStored();
}

interface Refusal {
  /** Stores something first; returns the options of the repetition. Default: three events with ids. */
  readonly given?: (subject: StoreUnderTest) => Promise<AppendOptions>;
  readonly repeat: (stored: readonly NewEvent[]) => readonly NewEvent[];
  readonly into?: string;
}

/* The error names the first id of the append that is stored already. */
function refusesRepetition({ given, repeat, into = 'a' }: Refusal): CaseBody {
  return async subject => {
    const events = withIds(deposits(3));
    const options = await given?.(subject);
    if (options === undefined) await subject.append(subject.stream(), events);
    const again = repeat(events);
    const stored = new Set(subject.ledger.map(event => event.eventId));
    const known = again.find(event => event.eventId !== undefined && stored.has(event.eventId))?.eventId;
    await checkConflict(subject, subject.stream(into), again, {
      eventId: known ?? subject.ledger[0]!.eventId,
      options,
    });
  };
}

async function checkConflict(
  subject: StoreUnderTest,
  stream: StreamId,
  events: readonly NewEvent[],
  { eventId, options }: { eventId: string; options?: AppendOptions | undefined },
): Promise<void> {
  for (const expectedVersion of ['any', 0] as const) {
    await checkRefused(
      () => subject.store.append({ stream, expectedVersion, events }, options),
      EventIdConflict,
      { code: 'event-id-conflict', stream, eventId },
    );
  }
  await subject.checkStored();
}
