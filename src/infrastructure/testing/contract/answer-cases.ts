import { deepStrictEqual, equal } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  AlreadyProcessed,
  LeaseLost,
  NotHandedOut,
  UnknownConsumer,
} from '../../../application/ports/consumer-errors.ts';
import { UnserializableValue } from '../../../application/ports/event-store-errors.ts';
import { labelsOf } from './consumers-under-test.ts';
import type { Delivery } from '../../../application/ports/consumer-store.ts';
import type { ConsumerCaseBody, ConsumersUnderTest } from './consumers-under-test.ts';
import { checkRefused } from './expectations.ts';

/** What becomes of an event that was handed out. */
export const answerCases: Readonly<Record<string, ConsumerCaseBody>> = {
  async 'stores a report with the acknowledgement, to be read with the event'(subject) {
    await subject.append('a');
    const { event, lease } = await subject.pullOne();
    subject.clock.advance(500);
    const report = { rows: 2, tables: ['orders'] };
    const done = await subject.consumers.acknowledge(subject.name, event.eventId, {
      ...{ lease, transactionId: 'tx-1', report },
    });
    equal(done.status, 'processed');
    deepStrictEqual(done.closedAt, subject.clock.now());
    const [told] = await subject.consumers.processingOf(subject.name, [event]);
    equal(told?.isProcessed, true);
    equal(told.delivery?.transactionId, 'tx-1');
    deepStrictEqual(told.delivery.report, report);
    deepStrictEqual(told.delivery.closedAt, subject.clock.now());
  },
  async 'takes the same acknowledgement twice, and no other'(subject) {
    await subject.append('a');
    const { event, lease } = await subject.pullOne();
    const acknowledge = (transactionId: string): Promise<Delivery> =>
      subject.consumers.acknowledge(subject.name, event.eventId, { lease, transactionId });
    const first = await acknowledge('tx-1');
    subject.clock.advance(1_000);
    deepStrictEqual((await acknowledge('tx-1')).closedAt, first.closedAt);
    const facts = { code: 'already-processed', ...factsOf(subject, event.eventId), status: 'processed' };
    await checkRefused(() => acknowledge('tx-2'), AlreadyProcessed, facts);
    const fail = (): Promise<Delivery> =>
      subject.consumers.fail(subject.name, event.eventId, { lease, error: 'late' });
    await checkRefused(fail, AlreadyProcessed, facts);
  },
  async 'refuses who is late once somebody else was handed the event'(subject) {
    await subject.append('a');
    const late = await subject.pullOne({ leaseMs: 1_000 });
    subject.clock.advance(1_000);
    const current = await subject.pullOne();
    const { eventId } = late.event;
    const facts = { code: 'lease-lost', ...factsOf(subject, eventId) };
    const { lease } = late;
    const acknowledge = (): Promise<Delivery> =>
      subject.consumers.acknowledge(subject.name, eventId, { lease });
    await checkRefused(acknowledge, LeaseLost, { ...facts, status: 'leased' });
    const fail = (): Promise<Delivery> =>
      subject.consumers.fail(subject.name, eventId, { lease, error: 'late' });
    await checkRefused(fail, LeaseLost, { ...facts, status: 'leased' });
    const extend = (): Promise<Delivery> =>
      subject.consumers.extend(subject.name, eventId, { lease, leaseMs: 60_000 });
    await checkRefused(extend, LeaseLost, { ...facts, status: 'leased' });
    await subject.acknowledge([current]);
    await checkRefused(acknowledge, LeaseLost, { ...facts, status: 'processed' });
  },
  async 'takes who is late while nobody else was handed the event'(subject) {
    await subject.append('a');
    const late = await subject.pullOne({ leaseMs: 1_000 });
    subject.clock.advance(60_000);
    await subject.acknowledge([late]);
    deepStrictEqual(await subject.pullLabels(), []);
  },
  async 'takes an answer without a lease at its word'(subject) {
    await subject.append('a');
    const { event } = await subject.pullOne();
    const done = await subject.consumers.acknowledge(subject.name, event.eventId);
    equal(done.status, 'processed');
    equal((await subject.consumers.acknowledge(subject.name, event.eventId)).status, 'processed');
  },
  async 'hands out what failed again, later each time, and what follows it only then'(subject) {
    await subject.append('a', 2);
    await subject.append('b', 2);
    const [first] = await subject.pull({ limit: 1 });
    const failed = await subject.consumers.fail(subject.name, first!.event.eventId, {
      ...{ lease: first!.lease, error: 'no\u0000 \ud800 connection' },
    });
    equal(failed.status, 'retrying');
    equal(failed.error, 'no \ufffd connection');
    deepStrictEqual(failed.dueAt, new Date(subject.clock.now().getTime() + 1_000));
    deepStrictEqual(await subject.pullLabels(), ['b1']);
    subject.clock.advance(1_000);
    const [second] = await subject.pull();
    deepStrictEqual(labelsOf([second!]), ['a1']);
    equal(second!.attempts, 2);
    const again = await subject.consumers.fail(subject.name, second!.event.eventId, { error: 'still not' });
    deepStrictEqual(again.dueAt, new Date(subject.clock.now().getTime() + 2_000));
    subject.clock.advance(2_000);
    await subject.acknowledge(await subject.pull());
    deepStrictEqual(await subject.pullLabels(), ['a2']);
  },
  async 'counts a failure that is told twice once'(subject) {
    await subject.append('a');
    const { event, lease } = await subject.pullOne();
    const fail = (): Promise<Delivery> =>
      subject.consumers.fail(subject.name, event.eventId, { lease, error: 'on purpose' });
    const first = await fail();
    subject.clock.advance(500);
    deepStrictEqual(await fail(), first);
  },
  async 'lets a consumer say when to try again'(subject) {
    await subject.append('a');
    const { event, lease } = await subject.pullOne();
    await subject.consumers.fail(subject.name, event.eventId, {
      ...{ lease, error: 'busy', retryAfterMs: 90_000 },
    });
    subject.clock.advance(89_999);
    deepStrictEqual(await subject.pullLabels(), []);
    subject.clock.advance(1);
    deepStrictEqual(await subject.pullLabels(), ['a1']);
  },
  async 'has a lease end later for who asks'(subject) {
    await subject.append('a');
    const { event, lease } = await subject.pullOne({ leaseMs: 1_000 });
    subject.clock.advance(900);
    await subject.consumers.extend(subject.name, event.eventId, { lease, leaseMs: 10_000 });
    subject.clock.advance(9_999);
    deepStrictEqual(await subject.pullLabels(), []);
    subject.clock.advance(1);
    deepStrictEqual(await subject.pullLabels(), ['a1']);
  },
  async 'takes no answer for what was not handed out'(subject) {
    await subject.append('a', 2);
    await subject.pull();
    for (const eventId of [(await subject.eventOf('a', 2)).eventId, randomUUID()]) {
      const facts = { code: 'not-handed-out', ...factsOf(subject, eventId) };
      await checkRefused(() => subject.consumers.acknowledge(subject.name, eventId), NotHandedOut, facts);
    }
    const { eventId } = await subject.eventOf('a');
    await checkRefused(() => subject.consumers.acknowledge('nobody', eventId), UnknownConsumer, {
      ...{ code: 'unknown-consumer', consumer: 'nobody' },
    });
  },
  async 'refuses a report that JSON cannot carry, and leaves the lease as it was'(subject) {
    await subject.append('a');
    const { event, lease } = await subject.pullOne();
    for (const report of [{ n: Number.NaN }, { text: 'a\u0000' }, { long: 'x'.repeat(70_000) }]) {
      const acknowledge = (): Promise<Delivery> =>
        subject.consumers.acknowledge(subject.name, event.eventId, { lease, report });
      const [field] = Object.keys(report) as [string];
      await checkRefused(acknowledge, UnserializableValue, {
        ...{ code: 'unserializable-value', eventType: `The report of consumer "${subject.name}"` },
        path: field === 'long' ? 'report' : `report.${field}`,
      });
    }
    const [told] = await subject.consumers.processingOf(subject.name, [event]);
    equal(told?.status, 'leased');
  },
};

function factsOf({ name }: ConsumersUnderTest, eventId: string): { consumer: string; eventId: string } {
  return { consumer: name, eventId };
}
