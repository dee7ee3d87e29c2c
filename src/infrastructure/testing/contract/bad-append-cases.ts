import { equal } from 'node:assert/strict';
import type { NewEvent, StreamAppend } from '../../../application/ports/event-store.ts';
import { InvalidAppend } from '../../../application/ports/event-store-errors.ts';
import { storeCases } from './contract-case.ts';
import type { CaseBody } from './contract-case.ts';
import { checkRefused } from './expectations.ts';
import { deposited, deposits } from './sample-events.ts';
import type { StoreUnderTest } from './store-under-test.ts';

const badVersions: Record<string, unknown> = {
  '-1': -1,
  '1.5': 1.5,
  'the text "3"': '3',
  '2^31': 2 ** 31,
  NaN: NaN,
  Infinity: Infinity,
  'a bigint': 1n,
  null: null,
  undefined: undefined,
  'an unknown word': 'EXISTS',
};
const badSchemaVersions: Record<string, unknown> = {
  '0': 0,
  '-1': -1,
  '1.5': 1.5,
  'the text "1"': '1',
  '32,768': 32_768,
  'a bigint': 1n,
};
const badEventIds: Record<string, unknown> = {
  'empty text': '',
  'no uuid': 'event-1',
  'a uuid without dashes': '0198f0f07b3c7d1e8a2b0123456789ab',
  'a uuid in braces': '{0198f0f0-7b3c-7d1e-8a2b-0123456789ab}',
  'a number': 7,
  'a bigint': 7n,
  null: null,
};

const badKeys: Record<string, unknown> = {
  'a list': ['email:a'],
  'a text': 'email:a',
  null: null,
  'claims alone': { claim: ['email:a'] },
  'releases alone': { release: ['email:a'] },
  'a claim that is no list': { claim: 'email', release: [] },
  'a release that is no list': { claim: [], release: 'email' },
};

/** Appends that no store could take: nothing of them is stored, and the store goes on. */
export const badAppendCases = storeCases({
  ...each(badVersions, (shown, value) => [
    `refuses ${shown} as an expected version`,
    refuses(stream => ({ stream, expectedVersion: value as number, events: deposits(1) })),
  ]),
  ...each(badSchemaVersions, (shown, value) => [
    `refuses ${shown} as a schema version`,
    refuses(stream => withEvent(stream, { schemaVersion: value as number })),
  ]),
  ...each(badEventIds, (shown, value) => [
    `refuses ${shown} as an event id`,
    refuses(stream => withEvent(stream, { eventId: value as string })),
  ]),

  ...each(badKeys, (shown, value) => [
    `refuses ${shown} as unique keys`,
    refuses(stream => ({
      ...{ stream, expectedVersion: 'any', events: deposits(1) },
      uniqueKeys: value as StreamAppend['uniqueKeys'],
    })),
  ]),

  ...each({ null: null, undefined: undefined, 'a text': 'deposited' }, (shown, value) => [
    `refuses ${shown} as an event`,
    refuses(stream => ({ stream, expectedVersion: 'any', events: [deposited(1), value as NewEvent] })),
  ]),

  'refuses a list of events with a hole': refuses(stream => {
    const events: NewEvent[] = [];
    events[1] = deposited(2);
    return { stream, expectedVersion: 'any', events };
  }),

  'refuses appends that are no list': async subject => {
    for (const appends of [undefined, null, {}, 'append']) {
      const append = (): Promise<unknown> => subject.store.appendMany(appends as readonly StreamAppend[]);
      await checkRefused(append, InvalidAppend, { code: 'invalid-append' });
    }
    await subject.checkStored();
  },

  'refuses an append of 100,000 events': refuses(stream => ({
    ...{ stream, expectedVersion: 'any', events: Array<NewEvent>(100_000).fill(deposited(1)) },
  })),

  'refuses 60,000 events over two streams of one append': async subject => {
    const appends = ['a', 'b'].map(id => ({
      ...{ stream: subject.stream(id), expectedVersion: 'any' as const },
      events: Array<NewEvent>(30_000).fill(deposited(1)),
    }));
    await checkInvalid(subject, appends);
  },

  'gives an append up whose signal was aborted before': async subject => {
    const reason = new Error('too late');
    const append = { stream: subject.stream(), expectedVersion: 'any', events: deposits(1) } as const;
    let caught: unknown;
    try {
      await subject.store.append(append, { signal: AbortSignal.abort(reason) });
    } catch (error) {
      caught = error;
    }
    equal(caught, reason);
    await subject.checkStored();
  },
});

function each(
  values: Readonly<Record<string, unknown>>,
  describe: (shown: string, value: unknown) => [name: string, body: CaseBody],
): Record<string, CaseBody> {
  return Object.fromEntries(Object.entries(values).map(([shown, value]) => describe(shown, value)));
}

function withEvent(stream: StreamAppend['stream'], rest: Partial<NewEvent>): StreamAppend {
  return { stream, expectedVersion: 'any', events: [deposited(1), deposited(2, rest)] };
}

function refuses(appendTo: (stream: StreamAppend['stream']) => StreamAppend): CaseBody {
  return subject => checkInvalid(subject, [appendTo(subject.stream())]);
}

async function checkInvalid(subject: StoreUnderTest, appends: readonly StreamAppend[]): Promise<void> {
  const refused = subject.store.appendMany(appends);
  const good = subject.append(subject.stream('neighbour'), deposits(2));
  await checkRefused(() => refused, InvalidAppend, { code: 'invalid-append' });
  await good;
  equal(await subject.store.streamVersion(appends[0]!.stream), 0);
  await subject.checkStored();
}
