import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { EventStore } from '../../src/application/ports/event-store.ts';
import type { Store } from '../../src/application/ports/store.ts';
import { StoreUnavailable } from '../../src/application/ports/event-store-errors.ts';
import { AnswerTimedOut, postgres } from '../../src/infrastructure/postgres/index.ts';
import type { PostgresOptions } from '../../src/infrastructure/postgres/index.ts';
import { deposits } from '../../src/infrastructure/testing/contract/sample-events.ts';
import { eventually } from '../support/eventually.ts';
import { PostgresServer } from '../support/postgres-server.mjs';
import { testServices } from '../support/stores.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import type { CutMoment } from '../support/tcp-proxy.ts';
import { Load } from './support/load.ts';
import { faultSeconds, randomFrom, seedOfRun } from './support/random.ts';
import { alwaysInline } from '../support/always-inline.ts';

/* A server of its own, because this one is harmed; what it acknowledges reaches the disk. */
let server: PostgresServer;
const stores: Store[] = [];
const proxies: TcpProxy[] = [];
const leastCuts = 10;

beforeEach(async () => {
  server = await PostgresServer.create({ fsync: 'on' });
  await server.start();
});

afterEach(async () => {
  for (const store of stores.splice(0)) await store[Symbol.asyncDispose]();
  for (const proxy of proxies.splice(0)) await proxy.close();
  await server.remove();
});

async function openEvents(options: PostgresOptions = {}, url = server.url): Promise<EventStore> {
  const store = await postgres(url, options).open(testServices());
  stores.push(store);
  return store.events;
}

async function acknowledgedMore(load: Load, count: number): Promise<void> {
  const before = load.acknowledged.size;
  await eventually(
    `${count} more are acknowledged`,
    async () => load.acknowledged.size >= before + count,
    30_000,
  );
}

describe('A server that ends under load', () => {
  const ends = [
    { how: 'kill -9', end: () => server.kill('SIGKILL') },
    { how: 'a fast shutdown', end: () => server.stop() },
  ];

  test.each(ends)('by $how loses no acknowledged append and doubles none', async ({ end }) => {
    const events = await openEvents();
    const load = new Load(events, { callers: 16 });
    for (let round = 0; round < 2; round++) {
      await acknowledgedMore(load, 500);
      await end();
      await server.start();
    }
    await acknowledgedMore(load, 500);
    await load.stop();

    expect(await load.findViolations()).toEqual([]);
    // The store has bridged the restart by itself.
    expect(load.errors).toEqual([]);
  });
});

describe('Connections that are cut at random under load', () => {
  test('lose no acknowledged append and double none, with several appends a call', async () => {
    const seed = seedOfRun();
    console.log(`The cuts of this run repeat with ANNALS_FAULT_SEED=${seed}.`);
    const random = randomFrom(seed);
    const proxy = await TcpProxy.start(server.url);
    proxies.push(proxy);
    const events = await openEvents({ schema: 'cut' }, proxy.urlFor(server.url));
    const load = new Load(events, { callers: 60 });
    const moments: readonly CutMoment[] = ['within the request', 'after the request', 'before the answer'];
    const deadline = Date.now() + faultSeconds(2, 30) * 1_000;
    for (let cuts = 1; cuts <= leastCuts || Date.now() < deadline; cuts++) {
      proxy.cutNext(random.pick(moments), 'append_events');
      await eventually('the connection is cut', async () => proxy.cutCount === cuts);
      await acknowledgedMore(load, 1 + random.below(100));
    }
    await load.stop();

    expect({ seed, violations: await load.findViolations() }).toEqual({ seed, violations: [] });
    expect(load.errors).toEqual([]);
  });
});

describe('A server that is paused for longer than the time-outs', () => {
  const timeouts = { answerTimeoutMs: 300, connectTimeoutMs: 300 };

  test('fails appends with a typed error, and is used again without a restart', async () => {
    const events = await openEvents(timeouts);
    const load = new Load(events, { callers: 100, payloadSize: 1_000 });
    await acknowledgedMore(load, 1_000);

    await server.kill('SIGSTOP');
    await eventually('callers are told', async () => load.errors.length >= 100);
    await server.kill('SIGCONT');

    await acknowledgedMore(load, 1_000);
    await load.stop();
    expect(await load.findViolations()).toEqual([]);
    for (const error of load.errors) expect(error).toBeInstanceOf(StoreUnavailable);
  });

  test('fails reads and transactions with a typed error, too', async () => {
    // The one connection is to be idle when the server stops, not busy with telling others of the append.
    const events = await openEvents({ ...timeouts, usesNotify: false });
    const inline = await openEvents(timeouts);
    inline.useInlineProjections(alwaysInline(async () => undefined));
    const stream = { aggregateType: 'account', aggregateId: 'acc-1' };
    await events.append({ stream, expectedVersion: 'none', events: deposits(1) });

    await server.kill('SIGSTOP');
    const calls = [
      events.streamVersion(stream),
      events.readFeedPage(),
      inline.append({ stream, expectedVersion: 'any', events: deposits(1) }),
    ];
    const outcomes = await Promise.allSettled(calls);
    await server.kill('SIGCONT');

    expect(outcomes.map(outcome => (outcome.status === 'rejected' ? outcome.reason : undefined))).toEqual(
      calls.map(() => expect.any(StoreUnavailable)),
    );
    const causes = outcomes.map(outcome => outcome.status === 'rejected' && outcome.reason.cause);
    expect(causes).toContainEqual(expect.any(AnswerTimedOut));
    await inline.append({ stream, expectedVersion: 'any', events: deposits(1) });
  });
});
