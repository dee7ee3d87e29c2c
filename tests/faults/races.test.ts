import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { EventStore } from '../../src/application/ports/event-store.ts';
import { collect } from '../../src/infrastructure/testing/contract/expectations.ts';
import { deposits } from '../../src/infrastructure/testing/contract/sample-events.ts';
import { eventually } from '../support/eventually.ts';
import { postgresStores } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';
import type { Finish, Racer } from './support/messages.ts';
import { WorkerProcess } from './support/worker-process.ts';

let stores: PostgresStores;
let events: EventStore;
let processes: WorkerProcess[];

beforeAll(async () => {
  stores = await postgresStores();
  events = await stores.openEvents();
  processes = await WorkerProcess.startAll(4);
});

afterAll(async () => {
  for (const each of processes) await each[Symbol.asyncDispose]();
  await stores.close();
});

/*
 * A barrier: nobody may write a stream while the racers come to the start, each process with a connection of its
 * own; when all of them wait inside the append, they are let go at once.
 */
async function race(racers: readonly Racer[]): Promise<Finish[]> {
  const { url, schema, pool } = stores;
  const gate = await pool.connect();
  await gate.query(`begin; lock table ${schema}.streams in exclusive mode`);
  const starters = processes.slice(0, racers.length);
  for (const [index, process] of starters.entries()) {
    const own = racers.filter((_racer, number) => number % starters.length === index);
    process.order({ do: 'race', race: { url: named(url), schema, racers: own } });
  }
  await eventually('all processes wait at the barrier', async () => (await waiting()) >= starters.length);
  await gate.query('commit');
  gate.release();
  const answers = await Promise.all(starters.map(process => process.answer('raced')));
  return answers.flatMap(answer => answer.finishes);
}

function named(url: string): string {
  const named = new URL(url);
  named.searchParams.set('application_name', `racers ${stores.schema}`);
  return named.href;
}

/* How many racers stand still because somebody holds a lock. */
async function waiting(): Promise<number> {
  const { rows } = await stores.pool.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
     where application_name = $1 and wait_event_type = 'Lock'`,
    [`racers ${stores.schema}`],
  );
  return rows[0]!.count;
}

function racersFor(count: number, racer: (index: number) => Omit<Racer, 'name'>): Racer[] {
  return Array.from({ length: count }, (_value, index) => ({ name: `racer ${index}`, ...racer(index) }));
}

function winnersOf(finishes: readonly Finish[]): Finish[] {
  return finishes.filter(({ refused }) => refused === undefined);
}

function refusalsOf(finishes: readonly Finish[]): Finish['refused'][] {
  return finishes.flatMap(({ refused }) => (refused === undefined ? [] : [refused]));
}

describe.each([2, 8, 32])('Of %i racers in several processes', count => {
  test('one wins a new stream, and the others are told its version', async () => {
    const aggregateId = `new-${count}`;
    const finishes = await race(racersFor(count, () => ({ aggregateId, expectedVersion: 'none' })));

    expect(winnersOf(finishes)).toMatchObject([{ version: 1 }]);
    expect(refusalsOf(finishes)).toEqual(
      Array.from({ length: count - 1 }, () => ({ code: 'stream-version-conflict', actualVersion: 1 })),
    );
    const stored = await collect(events.readStream({ aggregateType: 'account', aggregateId }));
    expect(stored.map(event => event.eventId)).toEqual(winnersOf(finishes)[0]!.eventIds);
  });

  test('one wins the next version of a stream', async () => {
    const stream = { aggregateType: 'account', aggregateId: `old-${count}` };
    await events.append({ stream, expectedVersion: 'none', events: deposits(3) });
    const { aggregateId } = stream;
    const finishes = await race(racersFor(count, () => ({ aggregateId, expectedVersion: 3 })));

    expect(winnersOf(finishes)).toMatchObject([{ version: 4 }]);
    expect(refusalsOf(finishes)).toEqual(
      Array.from({ length: count - 1 }, () => ({ code: 'stream-version-conflict', actualVersion: 4 })),
    );
    expect(await events.streamVersion(stream)).toBe(4);
  });

  test('all write a stream of which they expect nothing, in versions without holes', async () => {
    const aggregateId = `any-${count}`;
    const forms = ['any', 'none', 'exists'] as const;
    const racers = racersFor(count, index => ({
      aggregateId,
      expectedVersion: forms[index % 3 === 0 ? 0 : index % 2]!,
    }));
    const winners = winnersOf(await race(racers));

    const stored = await collect(events.readStream({ aggregateType: 'account', aggregateId }));
    expect(stored.map(event => event.version)).toEqual(stored.map((_event, index) => index + 1));
    const acknowledged = winners.flatMap(winner => winner.eventIds!).sort();
    expect(stored.map(event => event.eventId).sort()).toEqual(acknowledged);
    expect(winners.map(winner => winner.version).sort((a, b) => a! - b!)).toEqual(
      stored.map(event => event.version),
    );
  });

  test('one takes a unique key, each for an aggregate of its own', async () => {
    const key = `email:${count}`;
    const finishes = await race(
      racersFor(count, index => ({
        ...{ aggregateId: `key-${count}-${index}`, expectedVersion: 'none' as const, uniqueKey: key },
      })),
    );

    expect(winnersOf(finishes)).toHaveLength(1);
    expect(refusalsOf(finishes)).toEqual(
      Array.from({ length: count - 1 }, () => ({ code: 'unique-key-taken', key })),
    );
    const types = { types: ['account.claimed'] };
    const written = (await collect(events.readFeed(types))).filter(event =>
      event.aggregateId.startsWith(`key-${count}-`),
    );
    expect(written.map(event => event.eventId)).toEqual(winnersOf(finishes)[0]!.eventIds);
  });

  test('one runs a command, and its result is what is remembered', async () => {
    const commandId = `command-${count}`;
    const finishes = await race(
      racersFor(count, index => ({
        ...{ aggregateId: `command-${count}-${index}`, expectedVersion: 'none' as const, commandId },
      })),
    );

    const [winner, ...others] = winnersOf(finishes);
    expect(others).toEqual([]);
    expect(refusalsOf(finishes)).toEqual(
      Array.from({ length: count - 1 }, () => ({ code: 'command-already-stored' })),
    );
    expect(await events.findCommand(commandId)).toMatchObject({ result: { ranBy: winner!.name } });
  });
});
