import { InvalidIdentifier } from '../../../domain/index.ts';
import type { Actor, StreamId } from '../../../domain/index.ts';
import type { AppendOptions, NewEvent } from '../../../application/ports/event-store.ts';
import { storeCases } from './contract-case.ts';
import type { CaseBody } from './contract-case.ts';
import { checkRefused, collect } from './expectations.ts';
import { deposited, deposits } from './sample-events.ts';
import type { StoreUnderTest } from './store-under-test.ts';

/* What no identifier may be, whatever it names. */
const badEverywhere: Record<string, unknown> = {
  'empty text': '',
  'blank text': ' \u00a0 ',
  'a NUL character': 'a\u0000b',
  'a line end': 'a\nb',
  'a mark that reorders text': 'a\u202eb',
  'a mark that nobody sees': 'a\u200bb',
  'a mark of Arabic text that nobody sees': 'a\u061cb',
  'a joiner of words that nobody sees': 'a\u2060b',
  'a hyphen that nobody sees': 'a\u00adb',
  'half a surrogate pair': 'a\ud83d',
  'a number': 7,
};

/** How each identifier reaches the store, and what else it may not be. */
const fields: Record<string, { write: Attempt; read?: Attempt; also?: Record<string, unknown> }> = {
  aggregateId: {
    write: (subject, value) => append(subject, { ...subject.stream(), aggregateId: value }),
    read: (subject, value) => collect(subject.store.readStream({ ...subject.stream(), aggregateId: value })),
    also: { '1,025 characters': 'x'.repeat(1_025), '1,026 bytes': 'é'.repeat(513) },
  },
  aggregateType: {
    write: (subject, value) => append(subject, { ...subject.stream(), aggregateType: value }),
    read: (subject, value) => subject.store.streamVersion({ ...subject.stream(), aggregateType: value }),
    also: { '101 characters': 'x'.repeat(101), 'a slash': 'a/b' },
  },
  'event type': {
    write: (subject, value) => append(subject, subject.stream(), { type: value }),
    also: {
      '201 characters': `a.${'x'.repeat(199)}`,
      'no dot': 'opened',
      'a dot at its end': 'account.',
      'a space': 'account.was opened',
    },
  },
  correlationId: {
    write: (subject, value) => append(subject, subject.stream(), { correlationId: value }),
    read: (subject, value) => subject.store.query({ correlationId: value }),
    also: { '256 characters': 'x'.repeat(256) },
  },
  causationId: {
    write: (subject, value) => append(subject, subject.stream(), { causationId: value }),
    read: (subject, value) => subject.store.query({ causationId: value }),
    also: { '256 characters': 'x'.repeat(256) },
  },
  userId: {
    write: (subject, value) => append(subject, subject.stream(), { userId: value }),
    read: (subject, value) => subject.store.query({ userId: value }),
    also: { '256 characters': 'x'.repeat(256) },
  },
  actor: {
    write: (subject, value) => append(subject, subject.stream(), { actor: value as Actor }),
    read: (subject, value) => subject.store.query({ actor: value as Actor }),
    also: { '256 characters': 'x'.repeat(256) },
  },
  idempotencyKey: {
    write: (subject, value) => append(subject, subject.stream(), {}, { idempotencyKey: value }),
    also: { '256 characters': 'x'.repeat(256) },
  },
  commandId: {
    write: (subject, value) =>
      append(subject, subject.stream(), {}, { commands: [{ ...command, commandId: value }] }),
    read: (subject, value) => subject.store.findCommand(value),
    also: { '256 characters': 'x'.repeat(256) },
  },
  'unique key': {
    write: (subject, value) =>
      subject.store.append({
        ...{ stream: subject.stream(), expectedVersion: 'any', events: deposits(1) },
        uniqueKeys: { claim: ['good', value], release: [] },
      }),
    also: { '501 characters': 'x'.repeat(501) },
  },
};

const command = { fingerprint: 'fingerprint', result: null };

type Attempt = (subject: StoreUnderTest, value: string) => Promise<unknown>;

/** Identifiers that could not be stored, indexed or told apart. */
export const badIdentifierCases = storeCases(
  Object.fromEntries(
    Object.entries(fields).flatMap(([field, { write, read, also }]) => [
      [`refuses a bad ${field} in an append`, refusesEach(field, write, { ...badEverywhere, ...also })],
      ...(read === undefined
        ? []
        : ([[`refuses a bad ${field} in a read`, refusesEach(field, read, badEverywhere)]] as const)),
    ]),
  ),
);

function refusesEach(field: string, attempt: Attempt, values: Readonly<Record<string, unknown>>): CaseBody {
  return async subject => {
    for (const value of Object.values(values)) {
      const facts = { code: 'invalid-identifier', field, value };
      await checkRefused(() => attempt(subject, value as string), InvalidIdentifier, facts);
    }
    await subject.append(subject.stream(), deposits(2), { expectedVersion: 'none' });
    await subject.checkStored();
  };
}

async function append(
  subject: StoreUnderTest,
  stream: StreamId,
  rest: Partial<NewEvent> = {},
  options: AppendOptions = {},
): Promise<void> {
  const events = [deposited(1), deposited(2, rest)];
  await subject.store.append({ stream, expectedVersion: 'any', events }, options);
}
