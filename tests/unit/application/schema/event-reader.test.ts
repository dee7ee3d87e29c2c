import { describe, expect, test } from '@jest/globals';
import { Event, EventReader, StoredEvent, UnableToUpcast, Upcasters, upcaster } from 'annals';
import type { Class, Recorded, Upcaster } from 'annals';
import { JsonEventSerializer } from '../../../../src/infrastructure/serialization/json-event-serializer.ts';
import {
  AccountMoved,
  AccountOpened,
  AccountRenamed,
  calls,
  changed,
  grownUpcasters,
} from '../../../support/grown-accounts.ts';

const classes: readonly Class[] = [AccountOpened, AccountRenamed, AccountMoved];

function readerOf(upcasters: readonly Upcaster[] = grownUpcasters, events = classes): EventReader {
  const all = new Upcasters(upcasters, events);
  expect(all.problems).toEqual([]);
  return new EventReader(new JsonEventSerializer(events), all);
}

function stored(type: string, schemaVersion: number, payload: object): StoredEvent {
  return new StoredEvent({
    ...{ eventId: '0190a1b2-0000-7000-8000-000000000001', type, schemaVersion },
    ...{ aggregateType: 'account', aggregateId: 'acc-1', version: 4, position: 12, recordedAtMs: 1_000 },
    ...{ correlationId: 'c', causationId: 'b', userId: 'ada', actor: 'user:ada' },
    ...{ payloadJson: JSON.stringify(payload), metadataJson: '{"ip":"::1"}' },
  });
}

function told(events: readonly Recorded<object>[]): unknown {
  return events.map(({ type, schemaVersion, payload }) => [type, schemaVersion, payload]);
}

describe('a stored event', () => {
  test('is read through its chain, with its own envelope', () => {
    const [event, ...others] = readerOf().read(stored('account.opened', 1, { name: 'Ada' }));
    expect(others).toEqual([]);
    expect(event!.payload).toBeInstanceOf(AccountOpened);
    const { eventId, type, schemaVersion, aggregateType, aggregateId, version, position } = event!;
    const { recordedAt, correlationId, causationId, userId, actor, metadata, payload } = event!;
    expect({
      ...{ eventId, type, schemaVersion, aggregateType, aggregateId, version, position },
      ...{ recordedAt, correlationId, causationId, userId, actor, metadata, payload: { ...payload } },
    }).toEqual({
      ...{ eventId: '0190a1b2-0000-7000-8000-000000000001', type: 'account.opened', schemaVersion: 3 },
      ...{ aggregateType: 'account', aggregateId: 'acc-1', version: 4, position: 12 },
      ...{ recordedAt: new Date(1_000), correlationId: 'c', causationId: 'b', userId: 'ada' },
      ...{ actor: 'user:ada', metadata: { ip: '::1' }, payload: { owner: 'Ada', currency: 'EUR' } },
    });
  });

  test.each([
    ['account.opened', 2, { owner: 'Ada' }, 'account.opened', 3, { owner: 'Ada', currency: 'EUR' }],
    ['account.registered', 1, { name: 'Ada' }, 'account.registered', 3, { owner: 'Ada', currency: 'EUR' }],
    ['account.created', 1, { who: 'Ada' }, 'account.opened', 3, { owner: 'Ada', currency: 'EUR' }],
    [
      'account.opened',
      3,
      { owner: 'Ada', currency: 'USD' },
      'account.opened',
      3,
      { owner: 'Ada', currency: 'USD' },
    ],
    ['account.opened', 4, { new: true }, 'account.opened', 4, { new: true }],
    ['account.renamed', 1, { owner: 'Bo' }, 'account.renamed', 1, { owner: 'Bo' }],
    ['account.unheard_of', 1, { a: 1 }, 'account.unheard_of', 1, { a: 1 }],
  ])('"%s" v%d %j is read as what it is today', (type, version, payload, asType, asVersion, asPayload) => {
    const events = readerOf().read(stored(type, version, payload));
    expect(events).toHaveLength(1);
    expect([events[0]!.type, events[0]!.schemaVersion, { ...events[0]!.payload }]).toEqual([
      asType,
      asVersion,
      asPayload,
    ]);
    expect(readerOf().partOf(events[0]!)).toBeUndefined();
  });

  test('is upcast when its payload is first asked for, and once', () => {
    calls.openedV1 = 0;
    const [event] = readerOf().read(stored('account.opened', 1, { name: 'Ada' }));
    expect([event!.type, event!.schemaVersion, calls.openedV1]).toEqual(['account.opened', 3, 0]);
    expect(event!.payload).toBe(event!.payload);
    expect(calls.openedV1).toBe(1);
  });

  test('is split into parts, each with a chain of its own', () => {
    const reader = readerOf();
    const parts = reader.read(stored('account.changed', 1, { name: 'Bo', city: 'Bonn' }));
    expect(told(parts)).toEqual([
      ['account.renamed', 1, new AccountRenamed('Bo')],
      ['account.moved', 2, new AccountMoved('Bonn', 'DE')],
    ]);
    expect(parts.map(part => reader.partOf(part))).toEqual(['1', '2']);
    expect(parts.map(({ eventId, version, position }) => [eventId.at(-1), version, position])).toEqual([
      ['1', 4, 12],
      ['1', 4, 12],
    ]);
  });

  test('is without the parts that are left out, and the others keep their places', () => {
    const reader = readerOf();
    const [part, ...others] = reader.read(stored('account.changed', 1, { city: 'Bonn' }));
    expect(told([part!])).toEqual([['account.moved', 2, new AccountMoved('Bonn', 'DE')]]);
    expect([others, reader.partOf(part!)]).toEqual([[], '2']);
    expect(reader.read(stored('account.changed', 1, {}))).toEqual([]);
  });

  test('is split again, behind steps and before', () => {
    const imported = upcaster({
      type: 'account.imported',
      version: 1,
      into: { type: 'account.imported', version: 2 },
      up: ({ rows }: { readonly rows: readonly object[] }) => ({ first: rows[0], second: rows[1] }),
    });
    const importedV2 = upcaster({
      type: 'account.imported',
      version: 2,
      into: [
        { type: 'account.created', version: 1 },
        { type: 'account.changed', version: 1 },
      ],
      up: ({ first, second }: { readonly first: object; readonly second?: object }) => [first, second],
    });
    const reader = readerOf([...grownUpcasters, imported, importedV2]);
    const rows = [{ who: 'Ada' }, { name: 'Bo', city: 'Bonn' }];
    const parts = reader.read(stored('account.imported', 1, { rows }));
    expect(parts.map(part => [part.type, reader.partOf(part)])).toEqual([
      ['account.opened', '1'],
      ['account.renamed', '2.1'],
      ['account.moved', '2.2'],
    ]);
    expect(parts.map(({ payload }) => ({ ...payload }))).toEqual([
      { owner: 'Ada', currency: 'EUR' },
      { owner: 'Bo' },
      { city: 'Bonn', country: 'DE' },
    ]);
    expect(reader.storedTypes(['account.moved'])).toEqual([
      'account.moved',
      'account.changed',
      'account.imported',
    ]);
  });

  test('stays as it is, whatever an upcaster does to its payload', () => {
    const greedy = upcaster({
      type: 'account.created',
      version: 1,
      into: { type: 'account.renamed', version: 1 },
      up(payload: { names: string[]; owner?: string }) {
        payload.owner = payload.names.splice(0).join(' ');
        return payload;
      },
    });
    const reader = readerOf([greedy]);
    const event = stored('account.created', 1, { names: ['Ada', 'L.'] });
    const plain = { ...event.toJSON() };
    for (const read of [event, plain, event, plain]) {
      expect(reader.read(read)[0]!.payload).toEqual(
        Object.assign(new AccountRenamed('Ada L.'), { names: [] }),
      );
      expect(read.payload).toEqual({ names: ['Ada', 'L.'] });
    }
  });

  test('is upcast by upcasters of a name that its class had before', () => {
    @Event('account.started', { version: 3, aliases: ['account.opened'] })
    class AccountStarted {
      readonly owner!: string;
    }
    const reader = readerOf(grownUpcasters, [AccountStarted, AccountRenamed, AccountMoved]);
    const types = ['account.opened', 'account.started', 'account.created'];
    const read = types.map(type => reader.read(stored(type, 1, { name: 'Ada', who: 'Ada' }))[0]!);
    expect(
      read.map(({ type, payload }) => [type, payload instanceof AccountStarted, { ...payload }]),
    ).toEqual([
      ['account.opened', true, { owner: 'Ada', currency: 'EUR' }],
      ['account.started', true, { owner: 'Ada', currency: 'EUR' }],
      ['account.started', true, { owner: 'Ada', currency: 'EUR' }],
    ]);
    expect(reader.storedTypes(['account.started', 'account.opened'])).toEqual([
      'account.started',
      'account.opened',
      'account.created',
    ]);
  });
});

describe('stored types', () => {
  test('are those that lead to a type, and the type itself', () => {
    const reader = readerOf();
    expect(reader.storedTypes(['account.opened'])).toEqual(['account.opened', 'account.created']);
    expect(reader.storedTypes(['account.renamed', 'account.moved'])).toEqual([
      'account.renamed',
      'account.moved',
      'account.changed',
    ]);
    expect(reader.storedTypes(['account.unheard_of'])).toEqual(['account.unheard_of']);
  });
});

describe('an upcaster that fails', () => {
  function failing(up: (payload: object) => unknown): EventReader {
    const target = { type: 'account.opened', version: 2 };
    const first = upcaster({ type: 'account.created', version: 1, up: (payload: object) => payload });
    const second = upcaster({ type: 'account.created', version: 2, into: target, up: up as () => object });
    return readerOf([first, second, ...grownUpcasters.slice(0, 2)]);
  }

  function failureOf(work: () => unknown): UnableToUpcast {
    try {
      work();
    } catch (error) {
      expect(error).toBeInstanceOf(UnableToUpcast);
      return error as UnableToUpcast;
    }
    throw new Error('It did not fail.');
  }

  test('is told with the event and the step when the payload is asked for', () => {
    const cause = new TypeError('no name');
    const reader = failing(() => {
      throw cause;
    });
    const [event] = reader.read(stored('account.created', 1, {}));
    expect(event!.type).toBe('account.opened');
    const error = failureOf(() => event!.payload);
    const { code, eventId, type, schemaVersion, step, position, message } = error;
    expect({ code, eventId, type, schemaVersion, step, position, message, cause: error.cause }).toEqual({
      code: 'unable-to-upcast',
      eventId: '0190a1b2-0000-7000-8000-000000000001',
      type: 'account.created',
      schemaVersion: 1,
      step: { type: 'account.created', version: 2 },
      position: 12,
      message:
        'Event 0190a1b2-0000-7000-8000-000000000001 at position 12, stored as "account.created" v1, cannot be read: ' +
        'the upcaster of "account.created" v2 threw an error: TypeError: no name. ' +
        'Make it take every payload that is stored, and retry what is parked.',
      cause,
    });
  });

  test.each([
    [undefined, 'gave undefined in place of a payload.'],
    [null, 'gave null in place of a payload.'],
    ['Ada', 'gave "Ada" in place of a payload.'],
    [[{}], 'gave [ {} ] in place of a payload.'],
    [Promise.reject(new Error('late')), 'gave a promise in place of a payload.'],
  ])('because it gives %p says so', (given, problem) => {
    const [event] = failing(() => given).read(stored('account.created', 1, {}));
    expect(failureOf(() => event!.payload).message).toContain(problem);
  });

  test.each([
    [{}, 'gave {} in place of a list of payloads.'],
    [[{}], 'gave 1 payload, but leads to 2 events.'],
    [[{}, {}, {}], 'gave 3 payloads, but leads to 2 events.'],
    [[{}, null], 'gave null in place of a payload.'],
    [Promise.reject(new Error('late')), 'gave a promise in place of a list of payloads.'],
  ])('to split an event because it gives %p says so on read', (given, problem) => {
    const reader = readerOf([{ ...changed, up: () => given }, grownUpcasters[4]!]);
    expect(failureOf(() => reader.read(stored('account.changed', 1, {}))).message).toContain(problem);
  });
});
