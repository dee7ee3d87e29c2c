import { deepStrictEqual, equal } from 'node:assert/strict';
import { InvalidIdentifier } from '../../../domain/identifiers.ts';
import { LeaseLost, NotParked, UnknownConsumer } from '../../../application/ports/consumer-errors.ts';
import { labelsOf } from './consumers-under-test.ts';
import type { Delivery } from '../../../application/ports/consumer-store.ts';
import type { ConsumerCaseBody } from './consumers-under-test.ts';
import { checkRefused } from './expectations.ts';

/** What is parked, and what operators do about it. */
export const consumerParkingCases: Readonly<Record<string, ConsumerCaseBody>> = {
  async 'parks what has failed too often, with what follows it; others go on'(subject) {
    await subject.append('a', 3);
    await subject.consumers.open(subject.name, { aggregateTypes: [subject.aggregateType], maxAttempts: 3 });
    await subject.failUntilParked('no such table');
    await subject.append('b', 2);
    deepStrictEqual(await subject.drain(), ['b1', 'b2']);
    const parked = await subject.consumers.parked(subject.name);
    deepStrictEqual(labelsOf(parked), ['a1']);
    equal(parked[0]?.attempts, 3);
    equal(parked[0].error, 'no such table');
    const { open, checkpoint } = await subject.consumers.state(subject.name);
    const { position } = await subject.eventOf('a');
    deepStrictEqual(open, { waiting: 2, leased: 0, retrying: 0, parked: 1, firstPosition: position });
    equal(checkpoint, position - 1);
  },
  async 'parks what nobody answers for'(subject) {
    await subject.append('a', 2);
    await subject.consumers.open(subject.name, { aggregateTypes: [subject.aggregateType], maxAttempts: 2 });
    for (const attempt of [1, 2]) {
      equal((await subject.pullOne()).attempts, attempt);
      subject.clock.advance(60_000);
    }
    deepStrictEqual(await subject.pullLabels(), []);
    const [parked] = await subject.consumers.parked(subject.name);
    equal(parked?.error, 'It was handed out 2 times, the last time without an answer.');
  },
  async 'tries a parked event anew for an operator, then what waited behind it, in order'(subject) {
    await subject.append('a', 3);
    const [late] = await subject.pull();
    await subject.consumers.fail(subject.name, late!.event.eventId, { error: 'no', retryAfterMs: 0 });
    await subject.failUntilParked();
    await subject.append('a');
    const { eventId } = late!.event;
    const decided = await subject.consumers.retry(subject.name, eventId, {
      ...{ actor: 'user:ada', reason: 'the table is there now' },
    });
    equal(decided.attempts, 0);
    equal(decided.decidedBy, 'user:ada');
    equal(decided.reason, 'the table is there now');
    const { lease } = late!;
    await checkRefused(() => subject.consumers.acknowledge(subject.name, eventId, { lease }), LeaseLost, {
      code: 'lease-lost',
      consumer: subject.name,
      eventId,
      status: 'waiting',
    });
    deepStrictEqual(await subject.drain(), ['a1', 'a2', 'a3', 'a4']);
  },
  async 'gives a parked event up for an operator who says why; what waited behind it goes on'(subject) {
    await subject.append('a', 2);
    await subject.failUntilParked();
    const { eventId } = await subject.eventOf('a');
    const discard = (reason: string): Promise<Delivery> =>
      subject.consumers.discard(subject.name, eventId, { reason });
    await checkRefused(() => discard(' '), InvalidIdentifier, {
      ...{ code: 'invalid-identifier', field: 'reason', value: ' ' },
    });
    const discarded = await discard('a test order');
    equal(discarded.status, 'discarded');
    equal(discarded.decidedBy, 'system');
    deepStrictEqual(await subject.drain(), ['a2']);
    const [told] = await subject.consumers.processingOf(subject.name, [await subject.eventOf('a')]);
    equal(told?.isProcessed, true);
    equal(told.status, 'discarded');
    equal(told.delivery?.reason, 'a test order');
  },
  async 'lets nobody retry or discard what is not parked'(subject) {
    await subject.append('a', 2);
    await subject.pull();
    for (const version of [1, 2]) {
      const { eventId } = await subject.eventOf('a', version);
      const facts = { code: 'not-parked', consumer: subject.name, eventId };
      await checkRefused(() => subject.consumers.retry(subject.name, eventId), NotParked, facts);
      const discard = (): Promise<Delivery> =>
        subject.consumers.discard(subject.name, eventId, { reason: 'why not' });
      await checkRefused(discard, NotParked, facts);
    }
  },
  async 'removes a consumer with all that it knew'(subject) {
    await subject.append('a');
    await subject.acknowledge(await subject.pull());
    await subject.consumers.remove(subject.name);
    await checkRefused(() => subject.consumers.remove(subject.name), UnknownConsumer, {
      ...{ code: 'unknown-consumer', consumer: subject.name },
    });
    deepStrictEqual(await subject.pullLabels(), ['a1']);
  },
  async 'lists consumers by name'(subject) {
    const names = ['c', 'a', 'b'].map(name => `${subject.name}-${name}`);
    for (const name of names) await subject.consumers.open(name, { types: ['case.wanted'], maxAttempts: 7 });
    const listed = (await subject.consumers.list()).filter(({ name }) => names.includes(name));
    deepStrictEqual(
      listed.map(({ name, types, maxAttempts }) => ({ name, types, maxAttempts })),
      [...names].sort().map(name => ({ name, types: ['case.wanted'], maxAttempts: 7 })),
    );
  },
  async 'undoes a change that fails halfway'(subject) {
    await subject.append('a');
    const { event } = await subject.pullOne();
    const failing = subject.store.consumers.change(subject.name, undefined, async transaction => {
      const [delivery] = await transaction.at([event.position]);
      await transaction.save([{ ...delivery!, status: 'discarded', closedAt: new Date() }]);
      await transaction.readOn(event.position + 1_000, []);
      throw new RangeError('on purpose');
    });
    const message = await failing.catch((error: unknown) => (error as Error).message);
    equal(message, 'on purpose');
    const [told] = await subject.consumers.processingOf(subject.name, [event]);
    equal(told?.status, 'leased');
    equal((await subject.consumers.state(subject.name)).readPosition < event.position + 1_000, true);
  },
};
