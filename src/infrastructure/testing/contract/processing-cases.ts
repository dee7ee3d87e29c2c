import { deepStrictEqual, equal } from 'node:assert/strict';
import type { Delivery } from '../../../application/ports/consumer-store.ts';
import type { EventPage } from '../../../application/ports/event-store.ts';
import type { ProcessingQuery } from '../../../application/consumers/find-by-processing.ts';
import { UnknownConsumer } from '../../../application/ports/consumer-errors.ts';
import { InvalidQuery } from '../../../application/ports/event-store-errors.ts';
import { labelsOf } from './consumers-under-test.ts';
import type { ConsumerCaseBody, ConsumersUnderTest } from './consumers-under-test.ts';
import { checkRefused } from './expectations.ts';

/** What is told of events that a consumer has, or has not, processed. */
export const processingCases: Readonly<Record<string, ConsumerCaseBody>> = {
  async 'finds what is processed and what is not, in both orders and pages of any size'(subject) {
    await mixed(subject);
    const done = ['a1', 'c1', 'd1'];
    const undone = ['b1', 'b2', 'a2', 'c2', 'e1', 'f1'];
    for (const limit of [2, 100]) {
      deepStrictEqual(await findAll(subject, { isProcessed: true, limit }), done);
      deepStrictEqual(await findAll(subject, { isProcessed: false, limit }), undone);
      const order = 'newest';
      deepStrictEqual(await findAll(subject, { isProcessed: true, limit, order }), [...done].reverse());
      deepStrictEqual(await findAll(subject, { isProcessed: false, limit, order }), [...undone].reverse());
    }
  },
  async 'finds them by every other filter, too'(subject) {
    await mixed(subject);
    deepStrictEqual(await findAll(subject, { isProcessed: false, aggregateId: 'b' }), ['b1', 'b2']);
    deepStrictEqual(await findAll(subject, { isProcessed: true, aggregateId: 'b' }), []);
    deepStrictEqual(await findAll(subject, { isProcessed: true, types: ['case.other'] }), []);
    deepStrictEqual(await findAll(subject, { isProcessed: false, aggregateTypes: ['nothing'] }), []);
  },
  async 'tells of each event where it is'(subject) {
    await mixed(subject);
    const statusOf = async (id: string, version = 1): Promise<unknown> => {
      const event = await subject.eventOf(id, version);
      const [told] = await subject.consumers.processingOf(subject.name, [event]);
      return [told?.status, told?.isProcessed];
    };
    deepStrictEqual(await statusOf('a'), ['processed', true]);
    deepStrictEqual(await statusOf('a', 2), ['leased', false]);
    deepStrictEqual(await statusOf('b'), ['parked', false]);
    deepStrictEqual(await statusOf('b', 2), ['waiting', false]);
    deepStrictEqual(await statusOf('c', 2), ['waiting', false]);
    deepStrictEqual(await statusOf('f'), ['waiting', false]);
  },
  async 'leaves out what a consumer does not get'(subject) {
    await subject.append('a', 1, 'case.early');
    await subject.consumers.open(subject.name, {
      ...{ from: 'end', types: ['case.wanted'], aggregateTypes: [subject.aggregateType] },
    });
    await subject.append('b', 1, 'case.ignored');
    await subject.append('c', 1, 'case.wanted');
    const pull = (): Promise<readonly Delivery[]> => subject.pull({ types: ['case.wanted'] });
    deepStrictEqual(await findAll(subject, { isProcessed: false }), ['c1']);
    await subject.acknowledge(await pull());
    deepStrictEqual(await findAll(subject, { isProcessed: true }), ['c1']);
    for (const id of ['a', 'b']) {
      const [told] = await subject.consumers.processingOf(subject.name, [await subject.eventOf(id)]);
      equal(told?.isProcessed, undefined);
      equal(told?.status, undefined);
    }
  },
  async 'forgets reports when it is told to, and still knows what is done'(subject) {
    await subject.append('a', 2);
    await subject.append('b');
    const [first] = await subject.pull({ limit: 1 });
    await subject.consumers.acknowledge(subject.name, first!.event.eventId, { transactionId: 'tx-1' });
    subject.clock.advance(1_000);
    const pulled = await subject.pull();
    await subject.acknowledge(pulled.slice(0, 1));
    equal(await subject.consumers.purge(subject.name, subject.clock.now()), 1);
    const [told] = await subject.consumers.processingOf(subject.name, [first!.event]);
    equal(told?.isProcessed, true);
    equal(told.delivery, undefined);
    const done = [...labelsOf([first!, pulled[0]!])].sort();
    deepStrictEqual([...(await findAll(subject, { isProcessed: true }))].sort(), done);
    deepStrictEqual(await subject.pullLabels(), []);
  },
  async 'refuses a cursor of another query, and a consumer that nobody named'(subject) {
    await mixed(subject);
    const page = await subject.consumers.find(subject.name, { isProcessed: false, limit: 1 });
    const cursor = page.nextCursor!;
    const find = (query: ProcessingQuery): Promise<EventPage> => subject.consumers.find(subject.name, query);
    equal((await find({ isProcessed: false, limit: 5, cursor })).events.length, 5);
    for (const query of [
      { isProcessed: true, cursor },
      { isProcessed: false, aggregateId: 'a', cursor },
      { isProcessed: false, limit: 0 },
    ]) {
      await checkRefused(() => find(query), InvalidQuery, { code: 'invalid-query' });
    }
    const unknown = (): Promise<unknown> =>
      subject.consumers.find(`${subject.name}-2`, { isProcessed: false });
    await checkRefused(unknown, UnknownConsumer, {
      ...{ code: 'unknown-consumer', consumer: `${subject.name}-2` },
    });
  },
};

/* Deliveries in every place they can be in: b is parked, a2 leased, c2 waits, e and f were not read. */
async function mixed(subject: ConsumersUnderTest): Promise<void> {
  await subject.append('b', 2);
  await subject.failUntilParked();
  await subject.append('a', 2);
  await subject.append('c', 2);
  await subject.append('d');
  await subject.acknowledge(await subject.pull({ limit: 3 }));
  await subject.append('e');
  await subject.append('f');
  await subject.pull({ limit: 1 });
}

async function findAll(subject: ConsumersUnderTest, query: ProcessingQuery): Promise<readonly string[]> {
  const labels: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await subject.consumers.find(subject.name, { ...query, cursor });
    labels.push(...labelsOf(page.events.map(event => ({ event }))));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return labels;
}
