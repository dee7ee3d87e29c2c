import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EventIdConflict, StreamVersionConflict, UniqueKeyTaken } from 'annals';
import type { AppendResult, EventStore, StreamAppend } from 'annals';
import { PgClient } from '../../src/infrastructure/postgres/pg-client.ts';
import { openSqlStore } from '../../src/infrastructure/postgres/sql-store.ts';
import { silentLogger } from '../../src/infrastructure/system/console-logger.ts';
import { uuidV7Generator } from '../../src/infrastructure/system/uuid-v7-generator.ts';
import { counting } from '../support/counting-client.ts';
import { postgresStores, testServices } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

function deposit(aggregateId: string, more: Partial<StreamAppend> = {}): StreamAppend {
  const events = [{ type: 'account.deposited', payload: { amount: 1 } }];
  return { stream: { aggregateType: 'account', aggregateId }, expectedVersion: 'none', events, ...more };
}

describe('appends that arrive together', () => {
  let stores: PostgresStores;
  let events: EventStore;
  let calls: () => number;

  beforeAll(async () => {
    stores = await postgresStores();
    const counted = counting(new PgClient(stores.pool, silentLogger));
    calls = counted.calls;
    ({ events } = await openSqlStore(counted.client, testServices(), stores.schema));
  });

  afterAll(async () => stores.close());

  async function versionOf(aggregateId: string): Promise<number> {
    return events.streamVersion({ aggregateType: 'account', aggregateId });
  }

  test('share calls, and each gets positions of its own', async () => {
    const before = calls();
    const results = await Promise.all(
      Array.from({ length: 500 }, async (_value, index) => events.append(deposit(`together-${index}`))),
    );
    expect(calls() - before).toBeLessThanOrEqual(3);
    expect(new Set(results.flatMap(result => result.positions)).size).toBe(500);
    for (const { eventIds, positions } of results) {
      await expect(events.get(eventIds[0]!)).resolves.toMatchObject({ position: positions[0], version: 1 });
    }
  });

  test('keep their order on one stream, and their versions have no holes', async () => {
    const results = await Promise.all(
      Array.from({ length: 100 }, async () => events.append(deposit('one', { expectedVersion: 'any' }))),
    );
    expect(results.map(result => result.version)).toEqual(results.map((_result, index) => index + 1));
    const positions = results.map(result => result.lastPosition);
    expect([...positions].sort((a, b) => a - b)).toEqual(positions);
  });

  test('fail alone: a conflict, a taken key, a taken id, a repeated id and an impossible payload', async () => {
    await events.append(deposit('taken', { uniqueKeys: { claim: ['key:1'], release: [] } }));
    const eventId = uuidV7Generator.next();
    const withId = { type: 'account.deposited', payload: { amount: 2 }, eventId };
    const before = calls();
    const outcomes = await Promise.allSettled([
      events.append(deposit('good-1')),
      events.append(deposit('taken')),
      events.append(deposit('wants-key', { uniqueKeys: { claim: ['key:1'], release: [] } })),
      events.append(deposit('with-id', { events: [withId] })),
      events.append(deposit('with-id', { events: [withId] })),
      events.append(deposit('other-id', { events: [withId] })),
      events.append(
        deposit('impossible', { events: [{ type: 'account.deposited', payload: { amount: NaN } }] }),
      ),
      events.append(deposit('good-2')),
    ]);
    expect(outcomes.map(outcome => outcome.status)).toEqual([
      ...['fulfilled', 'rejected', 'rejected', 'fulfilled', 'fulfilled', 'rejected', 'rejected', 'fulfilled'],
    ]);
    const reasons = outcomes.map(outcome =>
      outcome.status === 'rejected' ? (outcome.reason as Error) : undefined,
    );
    expect(reasons[1]).toBeInstanceOf(StreamVersionConflict);
    expect(reasons[2]).toBeInstanceOf(UniqueKeyTaken);
    expect(reasons[5]).toBeInstanceOf(EventIdConflict);
    const repeated = outcomes[4] as PromiseFulfilledResult<AppendResult>;
    expect(repeated.value).toMatchObject({ version: 1, repeated: true });
    // The units with a shared id are sent once more; everybody else was done with the first call.
    expect(calls() - before).toBeLessThanOrEqual(4);
    await expect(
      Promise.all(['good-1', 'good-2', 'with-id', 'wants-key', 'impossible'].map(versionOf)),
    ).resolves.toEqual([1, 1, 1, 0, 0]);
  });

  test('make a stream after one that expected it to exist was refused', async () => {
    const outcomes = await Promise.allSettled([
      events.append(deposit('late', { expectedVersion: 'exists' })),
      events.append(deposit('late', { expectedVersion: 4 })),
      events.append(deposit('late', { expectedVersion: 'none' })),
      events.append(deposit('late', { expectedVersion: 1 })),
    ]);
    expect(outcomes.map(outcome => outcome.status)).toEqual([
      'rejected',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    await expect(versionOf('late')).resolves.toBe(2);
  });

  test('do not fail for a neighbour that the server refuses', async () => {
    const trigger = `
      create function ${stores.schema}.refuse_bad() returns trigger language plpgsql as $$
      begin
        if new.event_type = 'account.bad' then raise exception 'bad event'; end if;
        return new;
      end $$;
      create trigger refuse_bad before insert on ${stores.schema}.events
        for each row execute function ${stores.schema}.refuse_bad();`;
    await stores.pool.query(trigger);
    const bad = deposit('bad', { events: [{ type: 'account.bad', payload: {} }] });
    const outcomes = await Promise.allSettled([
      events.append(deposit('near-1')),
      events.append(bad),
      events.append(deposit('near-2')),
    ]);
    await stores.pool.query(`drop trigger refuse_bad on ${stores.schema}.events`);
    expect(outcomes.map(outcome => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await expect(Promise.all(['near-1', 'bad', 'near-2'].map(versionOf))).resolves.toEqual([1, 0, 1]);
  });

  test('cost nothing when they are given up before they are sent', async () => {
    const before = calls();
    const controller = new AbortController();
    const aborted = events.append(deposit('aborted'), { signal: controller.signal });
    const kept = events.append(deposit('kept'));
    controller.abort(new Error('changed my mind'));
    await expect(aborted).rejects.toThrow('changed my mind');
    await expect(kept).resolves.toMatchObject({ version: 1 });
    expect(calls() - before).toBe(1);
    await expect(versionOf('aborted')).resolves.toBe(0);
  });

  test('tell the truth when they are given up after they were sent', async () => {
    const controller = new AbortController();
    const sent = events.append(deposit('sent'), { signal: controller.signal });
    // Two turns of the event loop: the first one sends the call.
    await new Promise(resolve => setImmediate(() => setImmediate(resolve)));
    controller.abort();
    await expect(sent).resolves.toMatchObject({ version: 1 });
  });

  test('pass a call that waits for a lock of somebody else', async () => {
    await events.append(deposit('locked'));
    const holder = await stores.pool.connect();
    await holder.query('begin');
    await holder.query(`select from ${stores.schema}.streams where aggregate_id = 'locked' for update`);
    const waiting = events.append(deposit('locked', { expectedVersion: 1 }));
    await new Promise(resolve => setImmediate(resolve));
    await expect(events.append(deposit('free'))).resolves.toMatchObject({ version: 1 });
    await holder.query('commit');
    holder.release();
    await expect(waiting).resolves.toMatchObject({ version: 2 });
  });
});
