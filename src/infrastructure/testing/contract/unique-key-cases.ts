import { deepStrictEqual } from 'node:assert/strict';
import type { StreamId } from '../../../domain/index.ts';
import type { StreamAppend } from '../../../application/ports/event-store.ts';
import { InvalidAppend, UniqueKeyTaken } from '../../../application/ports/event-store-errors.ts';
import { storeCases } from './contract-case.ts';
import { checkRefused } from './expectations.ts';
import { deposits, withIds } from './sample-events.ts';
import type { StoreUnderTest } from './store-under-test.ts';

/** Keys that belong to one stream at a time. */
export const uniqueKeyCases = storeCases({
  'refuses a key that another stream holds': async subject => {
    await claim(subject, 'holder', ['email:a', 'email:b']);
    await checkTaken(subject, 'email:b', 'other', 'holder', ['email:c', 'email:b']);
    await claim(subject, 'other', ['email:c']);
    await subject.checkStored();
  },

  'lets a stream claim a key again that it holds': async subject => {
    await claim(subject, 'holder', ['email:a']);
    await claim(subject, 'holder', ['email:a', 'email:a']);
    await checkTaken(subject, 'email:a', 'other', 'holder', ['email:a']);
  },

  'frees a key that its stream releases, and refuses it again once retaken': async subject => {
    await claim(subject, 'first', ['email:a']);
    await release(subject, 'first', ['email:a']);
    await claim(subject, 'second', ['email:a']);
    await checkTaken(subject, 'email:a', 'first', 'second', ['email:a']);
  },

  'keeps a key that a stream releases without holding it': async subject => {
    await claim(subject, 'holder', ['email:a']);
    await release(subject, 'other', ['email:a', 'email:unknown']);
    await checkTaken(subject, 'email:a', 'other', 'holder', ['email:a']);
  },

  'keeps a key that a stream releases and claims in one append': async subject => {
    await claim(subject, 'holder', ['email:a']);
    await change(subject, 'holder', { claim: ['email:a'], release: ['email:a'] });
    await checkTaken(subject, 'email:a', 'other', 'holder', ['email:a']);
  },

  'moves a key from one stream to another in one append, in either order': async subject => {
    await claim(subject, 'a', ['email:x']);
    await move(subject, 'email:x', { from: 'a', to: 'b', takerFirst: true });
    await checkTaken(subject, 'email:x', 'a', 'b', ['email:x']);
    await move(subject, 'email:x', { from: 'b', to: 'a', takerFirst: false });
    await checkTaken(subject, 'email:x', 'b', 'a', ['email:x']);
  },

  'refuses a key that two streams of one append claim': async subject => {
    const [first, second] = [subject.stream('first'), subject.stream('second')];
    const uniqueKeys = keys(subject, { claim: ['email:a'] });
    const appends = [first, second].map(stream => appendOf(stream, uniqueKeys));
    await checkRefused(() => subject.store.appendMany(appends), UniqueKeyTaken, {
      ...{ code: 'unique-key-taken', key: subject.name('email:a'), stream: second, holder: first },
    });
    await claim(subject, 'third', ['email:a']);
    await subject.checkStored();
  },

  'gives nobody a key whose append is refused': async subject => {
    await claim(subject, 'holder', ['email:a']);
    await checkTaken(subject, 'email:a', 'loser', 'holder', ['email:free', 'email:a']);
    await claim(subject, 'third', ['email:free']);
    await subject.checkStored();
  },

  'changes no key when an append is repeated': async subject => {
    const stream = subject.stream('first');
    const append = {
      ...appendOf(stream, keys(subject, { claim: ['email:a'] })),
      events: withIds(deposits(1)),
    };
    const first = await subject.store.append(append);
    subject.enter(stream, append.events, first);
    await release(subject, 'first', ['email:a']);
    deepStrictEqual(await subject.store.append(append), { ...first, repeated: true });
    await claim(subject, 'second', ['email:a']);
    await subject.checkStored();
  },

  'refuses to change keys without an event': async subject => {
    const stream = subject.stream();
    for (const uniqueKeys of [keys(subject, { claim: ['k'] }), keys(subject, { release: ['k'] })]) {
      const append = { ...appendOf(stream, uniqueKeys), events: [] };
      await checkRefused(() => subject.store.append(append), InvalidAppend, { code: 'invalid-append' });
    }
    await claim(subject, 'other', ['k']);
    await subject.checkStored();
  },
});

interface Changes {
  readonly claim?: readonly string[];
  readonly release?: readonly string[];
}

function keys(
  subject: StoreUnderTest,
  { claim = [], release = [] }: Changes,
): { claim: string[]; release: string[] } {
  return { claim: claim.map(key => subject.name(key)), release: release.map(key => subject.name(key)) };
}

function appendOf(stream: StreamId, uniqueKeys: StreamAppend['uniqueKeys']): StreamAppend {
  return { stream, expectedVersion: 'any', events: deposits(1), uniqueKeys };
}

async function change(subject: StoreUnderTest, aggregateId: string, changes: Changes): Promise<void> {
  await subject.append(subject.stream(aggregateId), deposits(1), { uniqueKeys: keys(subject, changes) });
}

async function claim(subject: StoreUnderTest, aggregateId: string, names: readonly string[]): Promise<void> {
  await change(subject, aggregateId, { claim: names });
}

async function release(
  subject: StoreUnderTest,
  aggregateId: string,
  names: readonly string[],
): Promise<void> {
  await change(subject, aggregateId, { release: names });
}

async function move(
  subject: StoreUnderTest,
  key: string,
  { from, to, takerFirst }: { from: string; to: string; takerFirst: boolean },
): Promise<void> {
  const appends = [
    appendOf(subject.stream(from), keys(subject, { release: [key] })),
    appendOf(subject.stream(to), keys(subject, { claim: [key] })),
  ];
  if (takerFirst) appends.reverse();
  const results = await subject.store.appendMany(appends);
  for (const result of results) subject.enter(result.stream, deposits(1), result);
}

async function checkTaken(
  subject: StoreUnderTest,
  key: string,
  taker: string,
  holder: string,
  names: readonly string[],
): Promise<void> {
  const stream = subject.stream(taker);
  await checkRefused(
    () => subject.store.append(appendOf(stream, keys(subject, { claim: names }))),
    UniqueKeyTaken,
    { code: 'unique-key-taken', key: subject.name(key), stream, holder: subject.stream(holder) },
  );
  await subject.checkStored();
}
