import { deepStrictEqual, equal } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Recorded } from '../../../domain/index.ts';
import { causationTree } from '../../../application/events/causation-tree.ts';
import type { CausationNode } from '../../../application/events/causation-tree.ts';
import { InvalidQuery } from '../../../application/ports/event-store-errors.ts';
import { storeCases } from './contract-case.ts';
import { checkRefused, plain } from './expectations.ts';
import { deposited } from './sample-events.ts';
import type { StoreUnderTest } from './store-under-test.ts';

/** What caused what: a tree of events that goes through commands. */
export const causationCases = storeCases({
  'shows all that a command set in motion, from any of its events': async subject => {
    const chain = await appendChain(subject);
    const { first, second, third, fourth, last } = chain;
    const tree = [[first, [[third, [[last]]], [fourth]]], [second]] as const;
    const paths = [[first], [second], [first, third], [first, fourth], [first, third, last]];
    for (const path of paths) {
      const event = path.at(-1)!;
      const found = await causationTree(subject.store, event.eventId.toUpperCase());
      deepStrictEqual(found!.roots.map(show), tree.map(showPlan));
      deepStrictEqual(found!.ancestors.map(plain), path.slice(0, -1));
      deepStrictEqual(plain(found!.node.event), event);
      equal(found!.isComplete, true);
    }
    const [child] = (await causationTree(subject.store, third.eventId))!.node.children;
    deepStrictEqual(plain(child!.event), last);
    const { events } = await subject.store.query({ causationId: first.eventId });
    deepStrictEqual(events.map(plain), [third, fourth]);
  },

  'shows what an event without a correlation caused': async subject => {
    const root = await appendOne(subject, 'root', {});
    const effect = await appendOne(subject, 'effect', {
      correlationId: root.eventId,
      causationId: root.eventId,
    });
    for (const event of [root, effect]) {
      const found = await causationTree(subject.store, event.eventId);
      deepStrictEqual(found!.roots.map(show), [[root.eventId, [[effect.eventId, []]]]]);
    }
  },

  'follows causes into another correlation': async subject => {
    const root = await appendOne(subject, 'root', { correlationId: subject.name('one') });
    const effect = await appendOne(subject, 'effect', {
      ...{ correlationId: subject.name('other'), causationId: root.eventId.toUpperCase() },
    });
    const found = await causationTree(subject.store, effect.eventId);
    deepStrictEqual(found!.ancestors.map(plain), [root]);
    deepStrictEqual(found!.roots.map(show), [[root.eventId, [[effect.eventId, []]]]]);
  },

  'takes no event for the cause of itself or of an earlier one': async subject => {
    const [first, second, own] = [randomUUID(), randomUUID(), randomUUID()];
    const correlationId = subject.name('ring');
    await appendOne(subject, 'a', { eventId: first, correlationId, causationId: second });
    await appendOne(subject, 'b', { eventId: second, correlationId, causationId: first });
    await appendOne(subject, 'c', { eventId: own, correlationId, causationId: own });
    const found = await causationTree(subject.store, second);
    deepStrictEqual(found!.roots.map(show), [
      [first, [[second, []]]],
      [own, []],
    ]);
  },

  'reads no more of a large correlation than asked, and says so': async subject => {
    const { first, second, third, last } = await appendChain(subject);
    const found = await causationTree(subject.store, last.eventId, { maxEvents: 2 });
    deepStrictEqual(found!.roots.map(show), [
      [first.eventId, [[third.eventId, [[last.eventId, []]]]]],
      [second.eventId, []],
    ]);
    equal(found!.isComplete, false);
  },

  'shows no tree of an event that is not stored, and refuses ids and limits that make no sense':
    async subject => {
      equal(await causationTree(subject.store, randomUUID()), undefined);
      const facts = { code: 'invalid-query' };
      await checkRefused(() => causationTree(subject.store, 'event-1'), InvalidQuery, facts);
      for (const maxEvents of [0, -1, 1.5, 10_001]) {
        await checkRefused(
          () => causationTree(subject.store, randomUUID(), { maxEvents }),
          InvalidQuery,
          facts,
        );
      }
    },
});

type Origin = Pick<Parameters<typeof deposited>[1] & object, 'eventId' | 'correlationId' | 'causationId'>;
type Shown = readonly [eventId: string, children: readonly Shown[]];
type Planned = readonly [event: Recorded, children?: readonly Planned[]];

/* A command raises two events; two reactions to the first dispatch commands, and one to the third. */
async function appendChain(
  subject: StoreUnderTest,
): Promise<Record<'first' | 'second' | 'third' | 'fourth' | 'last', Recorded>> {
  const commandId = randomUUID();
  const origin = { correlationId: commandId, causationId: commandId };
  const [first, second] = await subject.append(subject.stream('a'), [
    deposited(1, origin),
    deposited(2, origin),
  ]);
  const caused = { correlationId: commandId, causationId: first!.eventId };
  const third = await appendOne(subject, 'b', caused);
  const fourth = await appendOne(subject, 'c', caused);
  const last = await appendOne(subject, 'a', { correlationId: commandId, causationId: third.eventId });
  await appendOne(subject, 'd', { correlationId: subject.name('unrelated') });
  return { first: first!, second: second!, third, fourth, last };
}

async function appendOne(subject: StoreUnderTest, aggregateId: string, origin: Origin): Promise<Recorded> {
  const [event] = await subject.append(subject.stream(aggregateId), [deposited(1, origin)]);
  return event!;
}

function show({ event, children }: CausationNode): Shown {
  return [event.eventId, children.map(show)];
}

function showPlan([event, children = []]: Planned): Shown {
  return [event.eventId, children.map(showPlan)];
}
