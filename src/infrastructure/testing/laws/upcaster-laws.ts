import { UnableToUpcast } from '../../../application/index.ts';
import type { EventReader, EventSerializer, Upcasters } from '../../../application/index.ts';
import { toJsonText } from '../../../application/events/json-text.ts';
import { shapeName } from '../../../application/schema/upcaster.ts';
import type { Upcaster } from '../../../application/index.ts';
import type { Recorded } from '../../../domain/index.ts';
import { differences } from '../compare/differences.ts';
import { listDifferences } from '../compare/explain-values.ts';
import { nameOfEvent } from '../compare/name-of-event.ts';
import { listOf, show } from '../compare/show.ts';
import { otherDayMs, runInWeather } from '../scenario/weather.ts';
import { usesOn } from '../stored/upcaster-use.ts';
import type { UpcasterUse } from '../stored/upcaster-use.ts';
import type { Breach, LawName } from './law.ts';

/** How an app reads stored events. */
export interface Reading {
  readonly upcasters: Upcasters;
  readonly reader: EventReader;
  readonly serializer: EventSerializer;
}

const pure = 'upcasters-are-pure';
const lasting = 'upcast-events-survive-storage';

const whyPure =
  'An event is read again and again: by every aggregate and projector, on every node, years from now. All of them must ' +
  'see the same. Make a new payload of nothing but the old one: no clock, no chance, no lists that are kept elsewhere.';

const whyLasting =
  'An event that upcasters have read must be one that the app could have stored: it is shown, exported and compared as ' +
  'JSON. Give plain JSON, and leave dates and value objects to @Type of the class.';

/** How upcasters break a law on the way of these stored events; of one that fails, reading it tells more. */
export async function upcasterBreach(
  reading: Reading,
  events: readonly Recorded[],
  withoutLaws: readonly LawName[],
): Promise<Breach | undefined> {
  for (const stored of events) {
    if (reading.upcasters.pathOf(stored.type, stored.schemaVersion) === undefined) continue;
    const breach = await breachOn(reading, stored, withoutLaws);
    if (breach !== undefined) return breach;
  }
  return undefined;
}

async function breachOn(
  reading: Reading,
  stored: Recorded,
  withoutLaws: readonly LawName[],
): Promise<Breach | undefined> {
  try {
    for (const use of usesOn(reading.upcasters, stored)) {
      const impure = withoutLaws.includes(pure) ? undefined : await impurity(use);
      const lost = withoutLaws.includes(lasting) ? undefined : lossOf(use);
      if (impure !== undefined || lost !== undefined) return impure ?? lost;
    }
    return withoutLaws.includes(lasting) ? undefined : lossInStorage(reading, stored);
  } catch (error) {
    if (error instanceof UnableToUpcast) return undefined;
    throw error;
  }
}

/* An upcaster that fails now and then is none of the same result; one that always fails is told by whoever reads. */
async function impurity({ upcaster, payload }: UpcasterUse): Promise<Breach | undefined> {
  const [given, givenAgain] = [structuredClone(payload), structuredClone(payload)];
  const first = call(upcaster, given);
  const otherDay = { shiftMs: otherDayMs, random: () => 0.123_456_789 };
  const then = await runInWeather(otherDay, async () => call(upcaster, givenAgain));
  const name = `the upcaster of ${shapeName(upcaster)}`;
  const changed = differences(payload, given);
  if (changed.length > 0) {
    const claim = `${name} changes the payload that it is given.`;
    return { law: pure, claim, details: listDifferences(changed, ['before', 'after']), why: whyPure };
  }
  const differing = differences(first, then);
  if (differing.length > 0) {
    const claim = `${name} makes something else of the same payload on another day.`;
    const details = [...listDifferences(differing, ['first', 'then']), '', `    of ${show(payload)}`];
    return { law: pure, claim, details, why: whyPure };
  }
  const shared = sharedBy(first, then);
  if (shared === undefined) return undefined;
  const claim = `${name} puts the same object into every payload, so that what one reader does to it, all others see.`;
  return { law: pure, claim, details: [`    ${show(shared)}`], why: whyPure };
}

/* A thrown error stands for itself. */
function call(upcaster: Upcaster, payload: object): unknown {
  try {
    return upcaster.up(payload as never);
  } catch (error) {
    return { throws: String(error) };
  }
}

/* The first object that is reached from both; frozen ones nobody can change. */
function sharedBy(one: unknown, other: unknown): object | undefined {
  const known = new Set(objectsIn(one));
  return [...objectsIn(other)].find(object => known.has(object) && !Object.isFrozen(object));
}

function* objectsIn(value: unknown, seen = new Set<object>()): Iterable<object> {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  yield value;
  for (const field of Object.values(value)) yield* objectsIn(field, seen);
}

/* What it gives must be plain JSON; undefined is a part that is left out. */
function lossOf({ upcaster, payload }: UpcasterUse): Breach | undefined {
  const given = call(upcaster, structuredClone(payload));
  const payloads = (Array.isArray(given) ? (given as unknown[]) : [given]).filter(part => part !== undefined);
  for (const part of payloads) {
    if (typeof part !== 'object' || part === null) continue;
    const lost = jsonLoss(part, shapeName(upcaster));
    if (lost === undefined) continue;
    const claim = `the upcaster of ${shapeName(upcaster)} gives what JSON cannot carry.`;
    return { law: lasting, claim, details: lost, why: whyLasting };
  }
  return undefined;
}

function jsonLoss(payload: object, owner: string): readonly string[] | undefined {
  try {
    const changed = differences(payload, JSON.parse(toJsonText(payload, owner, 'payload')));
    return changed.length === 0 ? undefined : listDifferences(changed, ['given', 'as JSON']);
  } catch (error) {
    return [`    ${(error as Error).message}`];
  }
}

/* As if it were raised and stored today. */
function lossInStorage({ reader, serializer }: Reading, stored: Recorded): Breach | undefined {
  for (const event of reader.read(stored)) {
    if (serializer.classFor(event.type) === undefined) continue;
    const lost = storageLoss(event, serializer);
    if (lost === undefined) continue;
    const fields = listOf(lost.fields);
    const claim = `${nameOfEvent(event)}, read from ${shapeName({ type: stored.type, version: stored.schemaVersion })}, would not come back from the store${fields === '' ? '' : ` with the same ${fields}`}.`;
    return { law: lasting, claim, details: lost.details, why: whyLasting };
  }
  return undefined;
}

function storageLoss(
  event: Recorded<object>,
  serializer: EventSerializer,
): { readonly fields: readonly string[]; readonly details: readonly string[] } | undefined {
  try {
    const { type, schemaVersion, payload } = serializer.serialize(event.payload);
    const plain = JSON.parse(toJsonText(payload, type, 'payload')) as object;
    const back = serializer.deserialize({ ...envelopeOf(event), type, schemaVersion, payload: plain });
    const changed = differences(event.payload, back.payload);
    if (changed.length === 0) return undefined;
    const details = listDifferences(changed, ['read', 'stored']);
    return { fields: changed.map(({ path }) => path || 'class'), details };
  } catch (error) {
    return { fields: [], details: [`    ${(error as Error).message}`] };
  }
}

function envelopeOf(event: Recorded<object>): Omit<Recorded, 'type' | 'schemaVersion' | 'payload'> {
  const { eventId, aggregateType, aggregateId, version, position } = event;
  const { recordedAt, correlationId, causationId, userId, actor, metadata } = event;
  const place = { eventId, aggregateType, aggregateId, version, position };
  return { ...place, recordedAt, correlationId, causationId, userId, actor, metadata };
}
