import { deepStrictEqual, equal, match } from 'node:assert/strict';
import type { NewEvent } from '../../../application/ports/event-store.ts';
import { storeCases } from './contract-case.ts';
import type { CaseBody } from './contract-case.ts';
import { deposited, deposits } from './sample-events.ts';

const payloads: Record<string, object> = {
  'an empty payload': {},
  'empty texts, arrays and objects': { text: '', list: [], object: {}, nested: [[], [{}]], '': 'no name' },
  'texts of any script, emoji and marks': {
    'ключ 🔑': 'Ада Λόγος 数据 עברית 👩‍👩‍👧‍👦 e\u0301 \u202e',
    controls: '\u0001\t\r\n\b\f\u007f\u2028',
    quotes: `'"\\\`$1 %s @ ? {} {"a":1} \\x00 E'\\n' --`,
  },
  'numbers to their last digit': {
    largest: Number.MAX_SAFE_INTEGER,
    least: Number.MIN_SAFE_INTEGER,
    fractions: [0.1, 0.1 + 0.2, 1e-300, 123456.789e-7, Number.EPSILON, -1.5],
  },
  'null, true and false': { nothing: null, yes: true, no: false, list: [null, true, false] },
  'a key order that sorts otherwise': { zebra: 1, apple: 2, 10: 'ten', 9: 'nine', Zebra: 3, apple2: 4 },
  'field names of objects that JavaScript knows': { toString: 1, hasOwnProperty: 2, length: 3, then: 4 },
};

const identifiers = [
  'a/b/c',
  '100%',
  "o'hara",
  'say "hi"',
  'back\\slash',
  '{1,2,NULL}',
  'NULL',
  "'; drop table events; --",
  '  spaced  ',
  'ключ-数据-עברית-🔑',
  'x'.repeat(1_024),
  '🔑'.repeat(256),
];

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What was put in comes out: every value, every field of the envelope. */
export const roundTripCases = storeCases({
  ...Object.fromEntries(
    Object.entries(payloads).map(([shown, payload]) => [`gives back ${shown}`, givesBack(payload)]),
  ),

  'leaves out fields that are undefined': async subject => {
    const events = [deposited(1, { payload: { amount: 1, note: undefined } })];
    const result = await subject.store.append({ stream: subject.stream(), expectedVersion: 'none', events });
    subject.enter(subject.stream(), [deposited(1)], result);
    await subject.checkStored();
  },

  'gives back every field of the envelope': async subject => {
    const full: NewEvent = {
      ...{ type: 'account.deposited', payload: { amount: 1 }, schemaVersion: 32_767 },
      ...{ eventId: crypto.randomUUID(), correlationId: 'request 7', causationId: "command '8'" },
      ...{ userId: 'ada@x.org', actor: 'agent:fraud-check' },
      metadata: { ip: '::1', trace: { span: ['a', 1, null] }, ключ: '🔑' },
    };
    const sparse = deposited(2, { userId: 'u', actor: 'user:u' });
    await subject.append(subject.stream(), [full, sparse, deposited(3)]);
    await subject.checkStored();
  },

  'gives each event an id of its own when the writer gives none': async subject => {
    const events = await subject.append(subject.stream(), deposits(100));
    for (const { eventId } of events) match(eventId, uuid);
    equal(new Set(events.map(event => event.eventId)).size, 100);
  },

  'takes empty metadata for none': async subject => {
    await subject.append(subject.stream(), [deposited(1, { metadata: {} })]);
    await subject.checkStored();
  },

  'gives back identifiers of any printable text': async subject => {
    for (const text of identifiers) {
      const short = text.slice(0, 100);
      const ids = { correlationId: short, causationId: short, userId: short };
      await subject.append(subject.stream(text), [deposited(1, ids)], { expectedVersion: 'none' });
      const found = await subject.store.query({
        ...ids,
        aggregateId: text,
        aggregateTypes: [subject.aggregateType],
      });
      deepStrictEqual(
        found.events.map(event => event.aggregateId),
        [text],
      );
    }
    await subject.checkStored();
  },
});

function givesBack(payload: object): CaseBody {
  return async subject => {
    await subject.append(subject.stream(), [deposited(1, { payload, metadata: { payload } })]);
    await subject.checkStored();
    for await (const event of subject.store.readStream(subject.stream())) {
      equal(JSON.stringify(event.payload), JSON.stringify(payload));
      equal(JSON.stringify(event.metadata), JSON.stringify({ payload }));
    }
  };
}
