import { deepStrictEqual, equal, notEqual, rejects } from 'node:assert/strict';
import { Consumers } from '../../../application/consumers/consumers.ts';
import { ConsumerDiffers, UnknownConsumer } from '../../../application/ports/consumer-errors.ts';
import { InvalidQuery } from '../../../application/ports/event-store-errors.ts';
import { InvalidIdentifier } from '../../../domain/identifiers.ts';
import { labelsOf } from './consumers-under-test.ts';
import type { ConsumerCaseBody } from './consumers-under-test.ts';
import { checkRefused } from './expectations.ts';

/** What is handed out, to whom, when and in which order. */
export const pullCases: Readonly<Record<string, ConsumerCaseBody>> = {
  async 'hands out one event of each aggregate at a time, in position order'(subject) {
    await subject.append('a', 3);
    await subject.append('b', 2);
    const first = await subject.pull();
    deepStrictEqual(labelsOf(first), ['a1', 'b1']);
    deepStrictEqual(await subject.pullLabels(), []);
    await subject.acknowledge([first[1]!]);
    deepStrictEqual(await subject.pullLabels(), ['b2']);
    await subject.acknowledge([first[0]!]);
    deepStrictEqual(await subject.pullLabels(), ['a2']);
  },
  async 'hands an event out with a lease and all that was stored'(subject) {
    await subject.append('a');
    const { event, ...delivery } = await subject.pullOne({ leaseMs: 5_000 });
    deepStrictEqual(event.payload, {});
    equal(event.type, 'case.happened');
    notEqual(delivery.lease, undefined);
    const dueAt = new Date(subject.clock.now().getTime() + 5_000);
    deepStrictEqual(delivery, {
      ...{ consumer: subject.name, status: 'leased', attempts: 1, lease: delivery.lease, dueAt },
      ...{ error: undefined, transactionId: undefined, report: undefined, closedAt: undefined },
      ...{ decidedBy: undefined, reason: undefined },
    });
  },
  async 'hands out every event once to whoever acknowledges, over many pulls'(subject) {
    for (const id of ['a', 'b', 'c']) await subject.append(id, 3);
    const labels = await subject.drain({ limit: 2 });
    equal(labels.length, 9);
    for (const id of ['a', 'b', 'c']) {
      const versions = labels.filter(label => label.startsWith(id));
      deepStrictEqual(versions, [`${id}1`, `${id}2`, `${id}3`]);
    }
    deepStrictEqual(await subject.drain(), []);
  },
  async 'hands out no more than the limit, and reads no further than it needs'(subject) {
    for (const id of ['a', 'b', 'c']) await subject.append(id);
    deepStrictEqual(await subject.pullLabels({ limit: 2 }), ['a1', 'b1']);
    const { open, readPosition } = await subject.consumers.state(subject.name);
    equal(readPosition, (await subject.eventOf('b')).position);
    equal(open.leased, 2);
    deepStrictEqual(await subject.pullLabels({ limit: 2 }), ['c1']);
  },
  async 'never gives two workers the same event, however many pull at once'(subject) {
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) await subject.append(id);
    const nodes = Array.from({ length: 4 }, () => subject.node());
    const pulled = await Promise.all(nodes.map(node => subject.pullLabels({ limit: 3 }, node)));
    deepStrictEqual(pulled.flat().sort(), ['a1', 'b1', 'c1', 'd1', 'e1', 'f1']);
  },
  async 'hands an event out again once its lease has ended, with another lease'(subject) {
    await subject.append('a', 2);
    const first = await subject.pullOne({ leaseMs: 5_000 });
    subject.clock.advance(4_999);
    deepStrictEqual(await subject.pullLabels(), []);
    subject.clock.advance(1);
    const second = await subject.pullOne();
    deepStrictEqual(labelsOf([second]), ['a1']);
    equal(second.attempts, 2);
    notEqual(second.lease, first.lease);
  },
  async 'goes on where it was, whoever asks'(subject) {
    await subject.append('a');
    await subject.append('b');
    await subject.acknowledge(await subject.pull({ limit: 1 }));
    deepStrictEqual(await subject.pullLabels({}, subject.node()), ['b1']);
    await subject.append('c');
    deepStrictEqual(await subject.pullLabels({}, subject.node()), ['c1']);
  },
  async 'begins at the end for who asks for that when it is first named'(subject) {
    await subject.append('a');
    await subject.pull({ from: 'end' });
    await subject.append('b');
    deepStrictEqual(await subject.pullLabels({ from: 'start' }), ['b1']);
  },
  async 'keeps consumers apart'(subject) {
    await subject.append('a');
    await subject.acknowledge(await subject.pull());
    const other = await subject.consumers.pull(`${subject.name}-2`, {
      aggregateTypes: [subject.aggregateType],
    });
    deepStrictEqual(labelsOf(other), ['a1']);
  },
  async 'hands out only the types that it was made for'(subject) {
    await subject.append('a', 1, 'case.ignored');
    await subject.append('a', 1, 'case.wanted');
    await subject.append('b', 1, 'case.ignored');
    deepStrictEqual(await subject.pullLabels({ types: ['case.wanted'] }), ['a2']);
    const differs = (): Promise<unknown> => subject.pull({ types: ['case.ignored'] });
    await checkRefused(differs, ConsumerDiffers, {
      ...{ code: 'consumer-differs', consumer: subject.name, option: 'types' },
    });
  },
  async 'reads on past what it does not want'(subject) {
    await subject.append('a', 5, 'case.ignored');
    await subject.append('b', 1, 'case.wanted');
    deepStrictEqual(await subject.pullLabels({ types: ['case.wanted'], limit: 2 }), ['b1']);
    const { checkpoint, open } = await subject.consumers.state(subject.name);
    equal(open.firstPosition, (await subject.eventOf('b')).position);
    equal(checkpoint, open.firstPosition - 1);
  },
  async 'reads nothing new while too much is open, and goes on then'(subject) {
    const node = subject.node(3);
    await subject.append('a', 5);
    await subject.append('b');
    const [first] = await subject.pull({ limit: 2 }, node);
    deepStrictEqual(labelsOf([first!]), ['a1']);
    deepStrictEqual(await subject.pullLabels({ limit: 2 }, node), []);
    equal((await node.state(subject.name)).isFull, true);
    await subject.acknowledge([first!]);
    deepStrictEqual(await subject.pullLabels({ limit: 1 }, node), ['a2']);
  },
  async 'hands out again before what is new, what has been due for longest first'(subject) {
    for (const id of ['a', 'b', 'c', 'd']) await subject.append(id);
    deepStrictEqual(await subject.pullLabels({ limit: 1, leaseMs: 3_000 }), ['a1']);
    deepStrictEqual(await subject.pullLabels({ limit: 1, leaseMs: 1_000 }), ['b1']);
    deepStrictEqual(await subject.pullLabels({ limit: 1, leaseMs: 2_000 }), ['c1']);
    subject.clock.advance(4_000);
    deepStrictEqual(await subject.pullLabels({ limit: 2 }), ['b1', 'c1']);
    deepStrictEqual(await subject.pullLabels({ limit: 2 }), ['a1', 'd1']);
  },
  async 'counts what is open, whatever becomes of it'(subject) {
    const check = async (expected: number): Promise<void> => {
      const { openCount, open } = await subject.consumers.state(subject.name);
      equal(openCount, expected);
      equal(open.waiting + open.leased + open.retrying + open.parked, expected);
    };
    await subject.append('a', 3);
    await subject.append('b');
    const [a, b] = await subject.pull();
    await check(4);
    await subject.acknowledge([b!, b!]);
    await check(3);
    await subject.consumers.fail(subject.name, a!.event.eventId, { lease: a!.lease, error: 'on purpose' });
    await check(3);
    subject.clock.advance(3_600_000);
    await subject.failUntilParked();
    await check(3);
    await subject.consumers.retry(subject.name, a!.event.eventId);
    await check(3);
    await subject.failUntilParked();
    await subject.consumers.discard(subject.name, a!.event.eventId, { reason: 'on purpose' });
    await check(2);
    const changes = subject.store.consumers.change(subject.name, undefined, async transaction => {
      const deliveries = await transaction.due(10);
      await transaction.save(deliveries.map(delivery => ({ ...delivery, closedAt: transaction.now })));
      throw new RangeError('taken back');
    });
    await rejects(changes, RangeError);
    await check(2);
    await subject.drain();
    await check(0);
    await subject.consumers.purge(subject.name, new Date(subject.clock.now().getTime() + 1));
    await check(0);
  },
  async 'measures leases by the time of the store unless it is told another'(subject) {
    await subject.append('a');
    const { events, consumers: store, readModels } = subject.store;
    await subject.pull();
    // The clock of the case stands in the past, so that the lease has ended for the store.
    const node = new Consumers({ events, store, readModels });
    deepStrictEqual(await subject.pullLabels({ leaseMs: 3_600_000 }, node), ['a1']);
    deepStrictEqual(await subject.pullLabels({}, node), []);
  },
  async 'refuses names and options that make no sense, and makes nothing'(subject) {
    const { consumers } = subject;
    for (const bad of ['', '  ', 'x'.repeat(101), 'a\u0000b', 'a\nb', '\ud800']) {
      await checkRefused(() => consumers.pull(bad), InvalidIdentifier, {
        ...{ code: 'invalid-identifier', field: 'consumer', value: bad },
      });
    }
    const options = [
      { limit: 0 },
      { limit: 10_001 },
      { limit: 1.5 },
      { leaseMs: 999 },
      { leaseMs: 86_400_001 },
      { leaseMs: Number.NaN },
      { maxAttempts: 0 },
      { from: 'middle' as 'start' },
    ];
    for (const bad of options) {
      await checkRefused(() => subject.pull(bad), InvalidQuery, { code: 'invalid-query' });
    }
    await checkRefused(() => consumers.state(subject.name), UnknownConsumer, {
      ...{ code: 'unknown-consumer', consumer: subject.name },
    });
  },
};
