import { deepStrictEqual, equal } from 'node:assert/strict';
import { InvalidIdentifier } from '../../../domain/identifiers.ts';
import { NotParked, UnknownConsumer } from '../../../application/ports/consumer-errors.ts';
import { InvalidQuery } from '../../../application/ports/event-store-errors.ts';
import type { Operation } from '../../../application/ports/operation.ts';
import type { ConsumerCaseBody, ConsumersUnderTest } from './consumers-under-test.ts';
import { checkRefused } from './expectations.ts';

const ada = { actor: 'user:ada', reason: 'it was asked for' } as const;
const bySystem = { actor: 'system', reason: '' } as const;

/** What is recorded of what operators do. */
export const consumerHistoryCases: Readonly<Record<string, ConsumerCaseBody>> = {
  async 'records who made a consumer and why, once, and not that a pull made one'(subject) {
    const { name, aggregateType } = subject;
    const options = { aggregateTypes: [aggregateType], maxAttempts: 2 };
    const nodes = [subject.consumers, subject.node()];
    await Promise.all(nodes.map(node => node.open(name, { ...options, ...ada })));
    await subject.consumers.open(name, options);
    const details = { types: null, aggregateTypes: [aggregateType], startPosition: 0, maxAttempts: 2 };
    const made = recorded(subject, 'make', ada, details);
    deepStrictEqual(await historyOf(subject), [made]);
    await subject.consumers.pull(`${name}-pulled`, options);
    deepStrictEqual(await subject.consumers.history(`${name}-pulled`), []);
    const all = await subject.store.readModels.listOperations(undefined, 1_000);
    equal(all.filter(operation => operation.name === made.name).length, 1);
  },
  async 'records what was decided about parked events, and by whom'(subject) {
    await subject.append('a');
    await subject.failUntilParked();
    const { eventId, position } = await subject.eventOf('a');
    await subject.consumers.retry(subject.name, eventId);
    await subject.failUntilParked();
    await subject.consumers.discard(subject.name, eventId, ada);
    const details = { eventId, position };
    deepStrictEqual(await historyOf(subject), [
      recorded(subject, 'discard', ada, details),
      recorded(subject, 'retry', bySystem, details),
    ]);
    equal((await subject.consumers.history(subject.name, 1))[0]?.action, 'discard');
  },
  async 'records what was forgotten and removed, and keeps that when nothing else is left'(subject) {
    await subject.append('a');
    await subject.acknowledge(await subject.pull());
    subject.clock.advance(1);
    const before = subject.clock.now();
    equal(await subject.consumers.purge(subject.name, before, ada), 1);
    await subject.consumers.remove(subject.name, ada);
    deepStrictEqual(await historyOf(subject), [
      recorded(subject, 'remove', ada),
      recorded(subject, 'purge', ada, { before: before.toISOString(), purged: 1 }),
    ]);
  },
  async 'records nothing of what was refused'(subject) {
    const { name, consumers } = subject;
    await checkRefused(() => consumers.remove(name), UnknownConsumer, unknown(name));
    await checkRefused(() => consumers.purge(name, new Date()), UnknownConsumer, unknown(name));
    await subject.append('a');
    const { event } = await subject.pullOne();
    const notParked = { code: 'not-parked', consumer: name, eventId: event.eventId };
    await checkRefused(() => consumers.retry(name, event.eventId, ada), NotParked, notParked);
    await checkRefused(() => consumers.discard(name, event.eventId, ada), NotParked, notParked);
    const never = new Date(Number.NaN);
    await checkRefused(() => consumers.purge(name, never), InvalidQuery, { code: 'invalid-query' });
    const blank = { reason: ' ' };
    for (const act of [
      () => consumers.open(`${name}-new`, blank),
      () => consumers.purge(name, new Date(), blank),
      () => consumers.remove(name, blank),
    ]) {
      const facts = { code: 'invalid-identifier', field: 'reason', value: ' ' };
      await checkRefused(act, InvalidIdentifier, facts);
    }
    await checkRefused(() => consumers.state(`${name}-new`), UnknownConsumer, unknown(`${name}-new`));
    equal((await consumers.state(name)).open.leased, 1);
    deepStrictEqual(await historyOf(subject), []);
  },
  async 'records a decision with what it changes, or not at all'(subject) {
    await subject.append('a');
    const { event } = await subject.pullOne();
    const operation = recorded(subject, 'discard', ada);
    const failing = subject.store.consumers.change(subject.name, undefined, async transaction => {
      await transaction.record(operation);
      throw new RangeError('on purpose');
    });
    equal(await failing.catch((error: unknown) => (error as Error).message), 'on purpose');
    await subject.consumers.acknowledge(subject.name, event.eventId, { transactionId: 'tx-1' });
    subject.clock.advance(1);
    const purging = subject.store.consumers.purge(subject.name, subject.clock.now(), () => {
      throw new RangeError('on purpose');
    });
    equal(await purging.catch((error: unknown) => (error as Error).message), 'on purpose');
    deepStrictEqual(await historyOf(subject), []);
    const [told] = await subject.consumers.processingOf(subject.name, [event]);
    equal(told?.delivery?.transactionId, 'tx-1');
  },
};

function recorded(
  { name }: ConsumersUnderTest,
  action: string,
  decision: Pick<Operation, 'actor' | 'reason'>,
  details?: Operation['details'],
): Operation {
  return { action, name: `consumer:${name}`, version: 0, ...decision, details };
}

async function historyOf({ consumers, name }: ConsumersUnderTest): Promise<readonly Operation[]> {
  const operations = await consumers.history(name);
  return operations.map(({ at: _at, action, version, actor, reason, details, ...rest }) => ({
    ...{ action, name: rest.name, version, actor, reason, details },
  }));
}

function unknown(consumer: string): { readonly code: string; readonly consumer: string } {
  return { code: 'unknown-consumer', consumer };
}
