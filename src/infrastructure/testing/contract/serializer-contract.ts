import { deepStrictEqual, equal, ok, throws } from 'node:assert/strict';
import { Event, EventNotNamed } from '../../../domain/index.ts';
import type { Class, Recorded } from '../../../domain/index.ts';
import { StoredEvent, plainEvent } from '../../../application/events/stored-event.ts';
import type { EventSerializer, SerializedEvent } from '../../../application/index.ts';
import type { ContractCase } from './contract-case.ts';

/** Makes a serializer that knows these event classes. */
export type MakeSerializer = (eventClasses: readonly Class[]) => EventSerializer;

class Noted {
  readonly text: string;
  readonly tags: readonly string[];
  readonly place: { readonly page: number; readonly isLeft: boolean } | null;
  readonly author: string | undefined;

  constructor(text: string, tags: readonly string[], place: Noted['place'], author?: string) {
    this.text = text;
    this.tags = tags;
    this.place = place;
    this.author = author;
  }

  get length(): number {
    return this.text.length;
  }
}
Event('contract.noted', { version: 3, aliases: ['contract.written'] })(Noted);

class Erased {}
Event('contract.erased')(Erased);

class Nameless {}

/* As a store keeps it: the JSON text of what the serializer made of it. */
function stored(event: SerializedEvent, type = event.type): Recorded {
  const { schemaVersion } = event;
  const place = { aggregateType: 'contract', aggregateId: 'c', version: 1, position: 7 };
  const origin = { correlationId: 'x', causationId: undefined, userId: 'ada', actor: 'user:ada' as const };
  return {
    ...{ eventId: '00000000-0000-7000-8000-000000000001', type, schemaVersion, ...place, ...origin },
    ...{ recordedAt: new Date(0), metadata: { ip: '::1' } },
    payload: JSON.parse(JSON.stringify(event.payload)) as object,
  };
}

const note = new Noted('ü', ['a', 'b'], { page: 1, isLeft: true });

const bodies: Readonly<Record<string, (make: MakeSerializer) => void>> = {
  'stores an event under its name and the version of its shape'(make) {
    const { type, schemaVersion } = make([Noted]).serialize(note);
    deepStrictEqual({ type, schemaVersion }, { type: 'contract.noted', schemaVersion: 3 });
  },
  'gives back an instance of the class with the same fields'(make) {
    const serializer = make([Noted, Erased]);
    const { payload } = serializer.deserialize(stored(serializer.serialize(note)));
    ok(payload instanceof Noted);
    equal(payload.length, 1);
    deepStrictEqual(Object.fromEntries(Object.entries(payload)), {
      text: 'ü',
      tags: ['a', 'b'],
      place: { page: 1, isLeft: true },
    });
  },
  'gives back an event without fields'(make) {
    const serializer = make([Erased]);
    const { payload } = serializer.deserialize(stored(serializer.serialize(new Erased())));
    ok(payload instanceof Erased);
  },
  'leaves the event that it serializes as it is'(make) {
    make([Noted]).serialize(note);
    deepStrictEqual(note, new Noted('ü', ['a', 'b'], { page: 1, isLeft: true }));
  },
  'gives every reader an instance of its own'(make) {
    const serializer = make([Noted]);
    const event = stored(serializer.serialize(note));
    ok(serializer.deserialize(event).payload !== serializer.deserialize(event).payload);
  },
  'keeps the envelope'(make) {
    const serializer = make([Noted]);
    for (const type of ['contract.noted', 'contract.unknown']) {
      const { payload, metadata, recordedAt, ...columns } = stored(serializer.serialize(note), type);
      const texts = { payloadJson: JSON.stringify(payload), metadataJson: JSON.stringify(metadata) };
      const known = { ...columns, causationId: null, correlationId: 'x', userId: 'ada' };
      const event = new StoredEvent({ ...known, ...texts, recordedAtMs: recordedAt.getTime() });
      const { payload: _read, ...kept } = plainEvent(serializer.deserialize(event));
      deepStrictEqual(kept, { metadata, recordedAt, ...columns });
    }
  },
  'knows an event by its older names'(make) {
    const serializer = make([Noted]);
    const { payload } = serializer.deserialize(stored(serializer.serialize(note), 'contract.written'));
    ok(payload instanceof Noted);
    equal(serializer.classFor('contract.written'), Noted);
    equal(serializer.classFor('contract.noted'), Noted);
  },
  'leaves an event plain whose class it does not know'(make) {
    const event = stored(make([Noted]).serialize(note));
    const serializer = make([Erased]);
    deepStrictEqual(serializer.deserialize(event).payload, event.payload);
    equal(serializer.classFor('contract.noted'), undefined);
  },
  'serializes an event whose class it was not told'(make) {
    equal(make([]).serialize(note).type, 'contract.noted');
  },
  'refuses an event whose class has no name'(make) {
    throws(() => make([Noted]).serialize(new Nameless()), EventNotNamed);
  },
  'assigns no name that would replace what a class is'(make) {
    const event = stored(make([Noted]).serialize(note));
    const payload: unknown = JSON.parse(
      '{"text":"x","tags":[],"place":null,"__proto__":{"length":9},"constructor":"y"}',
    );
    const read = make([Noted]).deserialize({ ...event, payload }).payload;
    ok(read instanceof Noted);
    equal(read.constructor, Noted);
    equal(read.length, 1);
  },
};

/**
 * All that a serializer promises, as cases for any test runner:
 *
 *     for (const { name, run } of serializerContract()) test(name, () => run(classes => new MySerializer(classes)));
 */
export function serializerContract(): readonly ContractCase<MakeSerializer>[] {
  return Object.entries(bodies).map(([name, body]) => ({ name, run: async make => body(make) }));
}
