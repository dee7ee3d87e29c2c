import { deepStrictEqual, equal, rejects } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Recorded } from '../../../domain/index.ts';
import type { AppendResult, NewEvent } from '../../../application/ports/event-store.ts';
import type { ProjectionId } from '../../../application/ports/projection-states.ts';
import type { InlineProjections, ReadModelTransaction } from '../../../application/ports/read-model-store.ts';
import { plain } from './expectations.ts';
import type { ReadModelCaseBody, ReadModelsUnderTest } from './read-models-under-test.ts';

const handled = 'account.deposited';

function deposit(amount: number, more: Partial<NewEvent> = {}): NewEvent {
  return { type: handled, payload: { amount }, ...more };
}

/** Projections that run inside appends. */
export const inlineCases: Readonly<Record<string, ReadModelCaseBody>> = {
  async 'projects an append before it returns, at its place'(subject) {
    const { build, seen } = await useInline(subject);
    const { version, positions } = await append(subject, 'a', [deposit(1), deposit(2)]);
    deepStrictEqual(await subject.store.getDocuments(build, ['a']), [
      { id: 'a', document: { total: 3 }, version, position: positions[1] },
    ]);
    deepStrictEqual(
      seen.map(event => [event.aggregateId, event.version, event.position, event.payload]),
      [
        ['a', 1, positions[0], { amount: 1 }],
        ['a', 2, positions[1], { amount: 2 }],
      ],
    );
  },
  async 'refuses an append whose projection fails, and keeps nothing of either'(subject) {
    const { build } = await useInline(subject);
    await append(subject, 'a', [deposit(1)]);
    await rejects(append(subject, 'a', [deposit(2), deposit(13)]), /on purpose/);
    deepStrictEqual(await subject.documents(build), { a: { total: 1 } });
    equal(await subject.events.streamVersion({ aggregateType: 'account', aggregateId: subject.own('a') }), 1);
    await append(subject, 'a', [deposit(4)]);
    deepStrictEqual(await subject.documents(build), { a: { total: 5 } });
  },
  async 'fails an append alone when others come at the same time'(subject) {
    const { build } = await useInline(subject);
    const amounts = [1, 2, 13, 4];
    const outcomes = await Promise.allSettled(
      amounts.map((amount, index) => append(subject, `s-${index}`, [deposit(amount)])),
    );
    deepStrictEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
    );
    const totals = { 's-0': { total: 1 }, 's-1': { total: 2 }, 's-3': { total: 4 } };
    deepStrictEqual(await subject.documents(build), totals);
  },
  async 'projects appends to one document one after another'(subject) {
    const { build } = await useInline(subject);
    await Promise.all(Array.from({ length: 20 }, () => append(subject, 'a', [deposit(1)])));
    deepStrictEqual(await subject.documents(build), { a: { total: 20 } });
  },
  async 'projects an append that is repeated once'(subject) {
    const { build } = await useInline(subject);
    const events = [deposit(1, { eventId: randomUUID() })];
    for (let time = 0; time < 2; time++) await append(subject, 'a', events);
    deepStrictEqual(await subject.documents(build), { a: { total: 1 } });
  },
  async 'does not ask inline projections about types that they do not handle'(subject) {
    const { seen } = await useInline(subject);
    await append(subject, 'a', [{ type: 'account.opened', payload: {} }]);
    deepStrictEqual(seen, []);
  },
  async 'gives an append the builds that appends write to, and no others'(subject) {
    const [inline, other] = [await subject.build(), await subject.build()];
    await subject.store.changeStates(({ states }) => states.change(inline, { writtenBy: 'appends' }));
    const names = [inline.name, other.name, subject.name()];
    const entries = names.map(name => ({ name, documents: undefined }));
    const entered = await subject.store.transaction(transaction => transaction.enterInline(entries));
    deepStrictEqual(
      entered.map(({ name, version, generation }) => ({ name, version, generation })),
      [inline],
    );
  },
};

/* A projection that adds up deposits, and fails at 13. */
async function useInline(subject: ReadModelsUnderTest): Promise<{ build: ProjectionId; seen: Recorded[] }> {
  const build = await subject.build();
  const seen: Recorded[] = [];
  const inline: InlineProjections = {
    handles: type => type === handled,
    enter: async (_events, transaction) => async events => {
      // The store may be shared with others, whose events are none of this case's.
      const own = events.filter(event => event.type === handled);
      for (const event of own) await add(subject, { build, transaction }, event);
      seen.push(...own.map(event => ({ ...plain(event), aggregateId: subject.short(event.aggregateId) })));
    },
  };
  subject.events.useInlineProjections(inline);
  return { build, seen };
}

async function add(
  subject: ReadModelsUnderTest,
  { build, transaction }: { build: ProjectionId; transaction: ReadModelTransaction },
  { aggregateId, payload, version, position }: Recorded,
): Promise<void> {
  const { amount } = payload as { amount: number };
  if (amount === 13) throw new RangeError('on purpose');
  const id = subject.short(aggregateId);
  const before = (await transaction.loadDocuments(build, [id])).get(id) as { total: number } | undefined;
  const json = JSON.stringify({ total: (before?.total ?? 0) + amount });
  await transaction.saveDocuments(build, [{ id, json, version, position }]);
}

function append(
  subject: ReadModelsUnderTest,
  id: string,
  events: readonly NewEvent[],
): Promise<AppendResult> {
  const stream = { aggregateType: 'account', aggregateId: subject.own(id) };
  return subject.events.append({ stream, expectedVersion: 'any', events });
}
