import { equal } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  InvalidAppend,
  StoreUnavailable,
  StreamVersionConflict,
} from '../../../application/ports/event-store-errors.ts';
import type { EventStore } from '../../../application/ports/event-store.ts';
import { storeCases } from './contract-case.ts';
import { checkRefused, collect } from './expectations.ts';
import { deposits } from './sample-events.ts';
import type { StoreUnderTest } from './store-under-test.ts';

/* Every way to ask a store for something. */
const calls: Record<string, (store: EventStore, subject: StoreUnderTest) => Promise<unknown>> = {
  append: (store, subject) =>
    store.append({ stream: subject.stream(), expectedVersion: 'any', events: deposits(1) }),
  appendMany: (store, subject) =>
    store.appendMany([{ stream: subject.stream(), expectedVersion: 'any', events: deposits(1) }]),
  readStream: (store, subject) => collect(store.readStream(subject.stream())),
  readFeed: store => collect(store.readFeed()),
  readFeedPage: store => store.readFeedPage(),
  subscribe: store => collect(store.subscribe()),
  follow: (store, subject) => collect(store.follow(subject.stream())),
  get: store => store.get(randomUUID()),
  query: store => store.query({}),
  countByType: store => store.countByType(),
  streamVersion: (store, subject) => store.streamVersion(subject.stream()),
  findCommand: store => store.findCommand('command'),
  settledPosition: store => store.settledPosition(),
};

/** Hints to listeners, and the end of a store. */
export const lifeCases = storeCases({
  'calls listeners after each commit until they end': async subject => {
    let [first, second] = [0, 0];
    const endFirst = subject.store.onCommitted(() => first++);
    const endSecond = subject.store.onCommitted(() => second++);
    await subject.append(subject.stream(), deposits(2));
    equal(first, 1);
    endFirst();
    endFirst();
    await subject.append(subject.stream(), deposits(1));
    equal(first, 1);
    equal(second, 2);
    endSecond();
  },

  'calls no listener for what stored nothing': async subject => {
    let called = 0;
    const stream = subject.stream();
    await subject.append(stream, deposits(1));
    const end = subject.store.onCommitted(() => called++);
    await subject.append(stream, []);
    await checkRefused(
      () => subject.store.append({ stream, expectedVersion: 'none', events: deposits(1) }),
      StreamVersionConflict,
      { code: 'stream-version-conflict', stream, expectedVersion: 'none', actualVersion: 1 },
    );
    await checkRefused(
      () => subject.store.append({ stream, expectedVersion: -1, events: deposits(1) }),
      InvalidAppend,
      { code: 'invalid-append' },
    );
    equal(called, 0);
    end();
  },

  'lets appends that are under way finish when it is closed': async subject => {
    const stream = subject.stream();
    const appended = subject.store.append({ stream, expectedVersion: 'none', events: deposits(3) });
    await subject.store[Symbol.asyncDispose]();
    const { version } = await appended;
    equal(version, 3);
  },

  'is unavailable for every call once it is closed': async subject => {
    await subject.append(subject.stream(), deposits(1));
    await subject.store[Symbol.asyncDispose]();
    for (const call of Object.values(calls)) {
      await checkRefused(() => call(subject.store, subject), StoreUnavailable, { code: 'store-unavailable' });
    }
  },

  'can be closed twice': async subject => {
    await subject.store[Symbol.asyncDispose]();
    await subject.store[Symbol.asyncDispose]();
  },
});
