import { describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { postgres } from 'annals/di';
import { VirtualClock } from 'annals/testing';
import { administer, postgresUrl, randomSchema } from '../../support/stores.ts';
import { everyStore, serve } from './support/serve.ts';
import type { Answer, Json, Served } from './support/serve.ts';
import { tokenAccess, tokenOf } from './support/tokens.ts';

async function post({ post: send }: Served, aggregateId: string, count = 1, token?: string): Promise<Json[]> {
  const event = { event_type: 'order.placed', aggregate_type: 'order', aggregate_id: aggregateId };
  const events = Array.from({ length: count }, (_event, index) => ({ ...event, payload: { index } }));
  return (await send('/api/v1/events', { events }, { token })).body.events;
}

const pull = async ({ get }: Served, query = '', token?: string): Promise<Json[]> =>
  (await get(`/api/v1/events/unprocessed${query}`, token)).body.events;

const answer = ({ call }: Served, id: string, body: unknown, query = '', token?: string): Promise<Answer> =>
  call('PUT', `/api/v1/events/${id}/processing${query}`, { body, token });

async function stop({ server, app }: Served): Promise<void> {
  await server.close();
  await app.stop();
}

const idsOf = (events: Json[]): string[] => events.map(({ id }) => id as string);

describe.each(everyStore)('Consumers over HTTP on %s', (_name, options) => {
  test('pull what is not processed, answer, and read what was told with the event', async () => {
    const served = await serve({}, await options());
    const [first, second] = await post(served, 'o-1', 2);
    const [other] = await post(served, 'o-2');
    expect(idsOf((await served.get('/api/v1/events?processed=false&limit=100')).body.events)).toEqual(
      idsOf([first, second, other]),
    );
    const events = await pull(served);
    expect(events).toEqual([
      { ...first, ...leasedNow },
      { ...other, ...leasedNow },
    ]);
    expect(await pull(served)).toEqual([]);
    const { lease } = events[0];
    const told = { lease, processed: true, transaction_id: 'tx-1', report: { rows: 2 } };
    const done = await answer(served, first.id, told);
    expect(done.status).toBe(200);
    const processed = {
      ...{ consumer: 'default', processed: true, processing_status: 'processed', processing_attempts: 1 },
      ...{ processed_at: expect.stringMatching(/Z$/) as unknown, processing_error: null },
      ...{ transaction_id: 'tx-1', report: { rows: 2 }, decided_by: null, reason: null },
    };
    expect(done.body).toEqual({ ...first, ...processed });
    expect((await answer(served, first.id, told)).body).toEqual(done.body);
    expect((await served.get(`/api/v1/events/${first.id}?consumer=default`)).body).toEqual(done.body);
    expect((await served.get(`/api/v1/events/${first.id}`)).body).toEqual(first);
    expect((await served.get('/api/v1/events?processed=true')).body).toEqual({
      ...{ events: [done.body], next_cursor: null },
    });
    expect((await served.get('/api/v1/events?consumer=default&limit=1')).body.events).toEqual([done.body]);
    expect(idsOf(await pull(served))).toEqual([second.id]);
  });

  test('are refused who answer too late', async () => {
    const clock = new VirtualClock();
    const served = await serve({}, { ...(await options()), clock });
    await post(served, 'o-1');
    const [late] = await pull(served, '?consumer=billing&lease_seconds=30');
    expect(late.leased_until).toBe(new Date(clock.now().getTime() + 30_000).toISOString());
    clock.advance(30_000);
    const [current] = await pull(served, '?consumer=billing');
    expect(current).toMatchObject({ id: late.id, processing_attempts: 2 });
    const refused = await answer(
      served,
      late.id,
      { lease: late.lease, processed: true },
      '?consumer=billing',
    );
    expect(refused).toMatchObject({ status: 409, body: { code: 'lease-lost' } });
    const taken = await answer(
      served,
      late.id,
      { lease: current.lease, processed: true },
      '?consumer=billing',
    );
    expect(taken.status).toBe(200);
    const again = await answer(
      served,
      late.id,
      { processed: true, transaction_id: 'x' },
      '?consumer=billing',
    );
    expect(again).toMatchObject({ status: 409, body: { code: 'already-processed' } });
  });

  test('park what fails too often, until an operator decides', async () => {
    const clock = new VirtualClock();
    const served = await serve({}, { ...(await options()), clock });
    const { call, get, post: send } = served;
    const path = '/api/v1/consumers/billing';
    const made = await call('PUT', path, { body: { max_attempts: 2, event_types: ['order.placed'] } });
    expect(made).toMatchObject({ status: 200, body: { name: 'billing', max_attempts: 2, checkpoint: 0 } });
    const [first] = await post(served, 'o-1', 2);
    const [other] = await post(served, 'o-2', 2);
    const failBoth = async (): Promise<Json[]> => {
      const events = await pull(served, '?consumer=billing');
      const error = { processed: false, processing_error: 'the printer is out of paper' };
      for (const { id, lease } of events) await answer(served, id, { ...error, lease }, '?consumer=billing');
      clock.advance(60_000);
      return events;
    };
    expect(await failBoth()).toHaveLength(2);
    expect((await get('/api/v1/events?processed=false&consumer=billing')).body.events).toMatchObject([
      { processing_status: 'retrying', processing_error: 'the printer is out of paper', processed: false },
      { processing_status: 'waiting' },
      { processing_status: 'retrying' },
      { processing_status: 'waiting' },
    ]);
    expect(await failBoth()).toHaveLength(2);
    expect(await failBoth()).toEqual([]);
    expect((await get(path)).body).toMatchObject({
      ...{ open: { waiting: 2, leased: 0, retrying: 0, parked: 2 }, is_full: false },
      checkpoint: first.event_number - 1,
    });
    const parked = await get(`${path}/parked`);
    expect(parked.body.events).toMatchObject([
      { id: first.id, processing_status: 'parked', processing_attempts: 2 },
      { id: other.id, processing_status: 'parked' },
    ]);
    expect((await send(`${path}/parked/${first.id}/retry`, undefined)).body).toMatchObject({
      ...{ processing_status: 'waiting', processing_attempts: 0, decided_by: 'system', reason: null },
    });
    const reason = 'a test order';
    expect((await send(`${path}/parked/${other.id}/discard`, { reason })).body).toMatchObject({
      ...{ processed: true, processing_status: 'discarded', decided_by: 'system', reason },
    });
    expect(await send(`${path}/parked/${other.id}/discard`, { reason })).toMatchObject({
      ...{ status: 409, body: { code: 'not-parked' } },
    });
    const next = await pull(served, '?consumer=billing');
    expect(next.map(event => [event.aggregate_id, event.stream_version])).toEqual([
      ['o-1', 1],
      ['o-2', 2],
    ]);
  });

  test('keep who did what and why, also when they are gone', async () => {
    const clock = new VirtualClock();
    const served = await serve({ access: tokenAccess }, { ...(await options()), clock });
    const { call, get, post: send } = served;
    const token = await tokenOf('olga', ['operator']);
    const path = '/api/v1/consumers/billing';
    const body = { max_attempts: 1, event_types: ['order.placed'], reason: 'billing moves in' };
    for (const _twice of [1, 2]) expect((await call('PUT', path, { token, body })).status).toBe(200);
    const [{ id, event_number }] = await post(served, 'o-1', 1, token);
    for (const decision of ['retry', 'discard']) {
      await pull(served, '?consumer=billing', token);
      const failed = { processed: false, processing_error: 'no' };
      await answer(served, id, failed, '?consumer=billing', token);
      const decide = `${path}/parked/${id}/${decision}`;
      expect((await send(decide, { reason: 'paper came' }, { token })).status).toBe(200);
      expect((await send(decide, { reason: 'twice' }, { token })).status).toBe(409);
    }
    clock.advance(1);
    const before = clock.now().toISOString();
    expect((await send(`${path}/purge`, { before, reason: 'kept for a day' }, { token })).status).toBe(200);
    for (const reason of ['%20', 'x'.repeat(1_001), 'x&y=1']) {
      expect((await call('DELETE', `${path}?reason=${reason}`, { token })).status).toBe(400);
    }
    expect((await call('DELETE', `${path}?reason=billing%20moves%20out`, { token })).status).toBe(204);
    const by = {
      ...{ name: 'consumer:billing', version: 0, actor: 'user:olga' },
      at: expect.stringMatching(/Z$/) as unknown,
    };
    const made = { types: ['order.placed'], aggregateTypes: null, startPosition: 0, maxAttempts: 1 };
    const parked = { eventId: id, position: event_number };
    const operations = [
      { ...by, action: 'remove', reason: 'billing moves out', details: null },
      { ...by, action: 'purge', reason: 'kept for a day', details: { before, purged: 1 } },
      { ...by, action: 'discard', reason: 'paper came', details: parked },
      { ...by, action: 'retry', reason: 'paper came', details: parked },
      { ...by, action: 'make', reason: 'billing moves in', details: made },
    ];
    expect((await get(`${path}/history`, token)).body).toEqual({ operations });
    expect((await get(`${path}/history?limit=1`, token)).body.operations).toEqual([operations[0]]);
    expect((await get('/api/v1/operations', token)).body.operations).toEqual(operations);
    expect((await get('/api/v1/consumers/other/history', token)).body).toEqual({ operations: [] });
  });
});

const leasedNow = {
  ...{ consumer: 'default', processed: false, processed_at: null, processing_status: 'leased' },
  ...{ processing_attempts: 1, processing_error: null, transaction_id: null, report: null },
  ...{ decided_by: null, reason: null },
  ...{ lease: expect.any(String) as unknown, leased_until: expect.stringMatching(/Z$/) as unknown },
};

describe('A consumer', () => {
  test('goes on where it was after a restart', async () => {
    const schema = randomSchema();
    const clock = new VirtualClock();
    const options = { store: postgres(postgresUrl(), { schema }), clock };
    const before = await serve({}, options);
    const events = [...(await post(before, 'o-1', 2)), ...(await post(before, 'o-2'))];
    const [first, other] = await pull(before, '?lease_seconds=60');
    await answer(before, first.id, { lease: first.lease, processed: true });
    await stop(before);
    const after = await serve({}, options);
    expect(idsOf(await pull(after))).toEqual([events[1].id]);
    expect((await answer(after, other.id, { lease: other.lease, processed: true })).status).toBe(200);
    clock.advance(60_000);
    expect(idsOf(await pull(after))).toEqual([events[1].id]);
    await stop(after);
    await administer(`drop schema ${schema} cascade`);
  });

  test('is handed each event once, whichever of many nodes it asks', async () => {
    const schema = randomSchema();
    const store = postgres(postgresUrl(), { schema });
    const nodes = await Promise.all([serve({}, { store }), serve({}, { store })]);
    for (let id = 0; id < 8; id++) await post(nodes[0], `o-${id}`);
    const pulls = Array.from({ length: 4 }, (_pull, index) => pull(nodes[index % 2]!, '?limit=3'));
    const ids = idsOf((await Promise.all(pulls)).flat());
    expect(ids).toHaveLength(8);
    expect(new Set(ids).size).toBe(8);
    for (const node of nodes) await stop(node);
    await administer(`drop schema ${schema} cascade`);
  });

  test('gets an event later if the lease is extended', async () => {
    const clock = new VirtualClock();
    const served = await serve({}, { clock });
    await post(served, 'o-1');
    const [{ id, lease }] = await pull(served, '?lease_seconds=10');
    expect((await answer(served, id, { lease, lease_seconds: 60 })).body.processing_status).toBe('leased');
    clock.advance(59_999);
    expect(await pull(served)).toEqual([]);
    clock.advance(1);
    expect(idsOf(await pull(served))).toEqual([id]);
  });

  test('begins where it is first told to, and gets what it is made for', async () => {
    const served = await serve();
    await post(served, 'o-1');
    expect(await pull(served, '?consumer=late&from=end')).toEqual([]);
    const [second] = await post(served, 'o-2');
    expect(idsOf(await pull(served, '?consumer=late&from=start'))).toEqual([second.id]);
    const body = { event_types: ['order.paid'] };
    await served.call('PUT', '/api/v1/consumers/paid', { body });
    expect(await pull(served, '?consumer=paid')).toEqual([]);
    const differs = await served.call('PUT', '/api/v1/consumers/paid', { body: { event_types: ['a.b'] } });
    expect(differs).toMatchObject({ status: 409, body: { code: 'consumer-differs' } });
    expect((await served.get(`/api/v1/events/${second.id}?consumer=paid`)).body).toMatchObject({
      ...{ consumer: 'paid', processed: null, processing_status: null },
    });
    expect((await served.get('/api/v1/consumers')).body.consumers).toMatchObject([
      { name: 'late', event_types: null },
      { name: 'paid', event_types: ['order.paid'] },
    ]);
    expect((await served.call('DELETE', '/api/v1/consumers/paid')).status).toBe(204);
    expect((await served.get('/api/v1/consumers/paid')).body.code).toBe('unknown-consumer');
  });

  test('forgets what was told when an operator wants that', async () => {
    const clock = new VirtualClock();
    const served = await serve({}, { clock });
    const [{ id }] = await post(served, 'o-1');
    await pull(served);
    await answer(served, id, { processed: true, transaction_id: 'tx-1' });
    clock.advance(1);
    const before = clock.now().toISOString();
    expect((await served.post('/api/v1/consumers/default/purge', { before })).body).toEqual({ purged: 1 });
    expect((await served.get(`/api/v1/events/${id}?consumer=default`)).body).toMatchObject({
      ...{ processed: true, processed_at: null, transaction_id: null },
    });
  });

  test('answers under the other name of the address, and not to HEAD', async () => {
    const served = await serve();
    const [{ id }] = await post(served, 'o-1');
    expect((await fetch(`${served.url}/api/v1/events/unprocessed`, { method: 'HEAD' })).status).toBe(400);
    const { headers, body } = await served.get('/events/unprocessed/');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(idsOf(body.events)).toEqual([id]);
    expect(
      (await served.call('PUT', `/events/${id}/processing/`, { body: { processed: true } })).status,
    ).toBe(200);
  });
});

describe('Of consumers', () => {
  const roles = async (): Promise<Record<string, string>> => ({
    reader: await tokenOf('ada', ['reader']),
    writer: await tokenOf('ada', ['writer']),
    operator: await tokenOf('olga', ['operator']),
  });

  test('only those know who see the events of all', async () => {
    const served = await serve({ access: tokenAccess });
    const { reader, writer, operator } = await roles();
    const [own] = await post(served, 'o-1', 1, writer);
    const [others] = await post(served, 'o-2', 1, operator);
    for (const token of [reader, writer]) {
      for (const { status, body } of [
        await served.get('/api/v1/events/unprocessed', token),
        await answer(served, own.id, { processed: true }, '', token),
        await served.get('/api/v1/consumers', token),
        await served.call('PUT', '/api/v1/consumers/mine', { token, body: {} }),
        await served.call('DELETE', '/api/v1/consumers/default', { token }),
        await served.get('/api/v1/consumers/default/parked', token),
        await served.get('/api/v1/consumers/default/history', token),
        await served.post('/api/v1/consumers/default/purge', { before: '2026-01-01' }, { token }),
        await served.post(`/api/v1/consumers/default/parked/${own.id}/retry`, {}, { token }),
        await served.post(`/api/v1/consumers/default/parked/${own.id}/discard`, { reason: 'x' }, { token }),
      ]) {
        expect({ status, code: body.code }).toEqual({ status: 403, code: 'forbidden' });
      }
    }
    expect((await served.get('/api/v1/events/unprocessed')).status).toBe(401);
    expect(idsOf(await pull(served, '', operator))).toEqual(idsOf([own, others]));
    const told = { processed: true, transaction_id: 'tx-1', report: { table: 'secret' } };
    await answer(served, own.id, told, '', operator);
    await answer(served, others.id, told, '', operator);
    const summary = { consumer: 'default', processed: true, processing_status: 'processed' };
    const seen = await served.get(`/api/v1/events/${own.id}?consumer=default`, reader);
    expect(seen.body).toEqual({ ...own, ...summary, processed_at: expect.any(String) as unknown });
    const list = await served.get('/api/v1/events?processed=true', reader);
    expect(list.body.events).toEqual([seen.body]);
    expect((await served.get(`/api/v1/events/${others.id}?consumer=default`, reader)).status).toBe(404);
    const foreign = await served.get('/api/v1/events?processed=true&user_id=olga', reader);
    expect(foreign).toMatchObject({ status: 403 });
  });

  test('a writer may be one where writers see all', async () => {
    const served = await serve({ access: { ...tokenAccess, seesAllFrom: 'writer' } });
    const { reader, writer } = await roles();
    const [{ id }] = await post(served, 'o-1', 1, writer);
    expect(idsOf(await pull(served, '', writer))).toEqual([id]);
    expect((await answer(served, id, { processed: true }, '', writer)).status).toBe(200);
    expect((await served.get('/api/v1/events/unprocessed', reader)).status).toBe(403);
    expect((await served.get('/api/v1/consumers', writer)).status).toBe(403);
  });

  test('bad input changes nothing', async () => {
    const served = await serve();
    const [{ id }] = await post(served, 'o-1');
    for (const query of [
      'limit=0',
      'limit=1001',
      'lease_seconds=0',
      'lease_seconds=1.5',
      'from=middle',
      'x=1',
      'consumer=',
      'consumer=%00',
      `consumer=${'x'.repeat(101)}`,
    ]) {
      const { status } = await served.get(`/api/v1/events/unprocessed?${query}`);
      expect({ query, status }).toEqual({ query, status: 400 });
    }
    expect((await served.get('/api/v1/consumers')).body.consumers).toEqual([]);
    await pull(served);
    const bodies: [unknown, string][] = [
      [{}, 'body/processing_error'],
      [{ processed: false }, 'body/processing_error'],
      [{ processed: 'true' }, 'body/processed'],
      [{ processed: true, processing_error: 'no' }, 'body/processing_error'],
      [{ processed: true, retry_after_seconds: 1 }, 'body/retry_after_seconds'],
      [{ processed: true, lease_seconds: 1 }, 'body/lease_seconds'],
      [{ processing_error: 'no', report: {} }, 'body/report'],
      [{ lease_seconds: 10, transaction_id: 'x' }, 'body/transaction_id'],
      [{ processed: true, report: [] }, 'body/report'],
      [{ processed: true, unknown: 1 }, 'body'],
    ];
    for (const [body, path] of bodies) {
      const { status, body: problem } = await answer(served, id, body);
      expect({ body, status, path: problem.errors?.[0]?.path }).toEqual({ body, status: 400, path });
    }
    const nul = await answer(served, id, '{"processed":true,"report":{"a":"\\u0000"}}');
    expect(nul).toMatchObject({ status: 400, body: { code: 'unserializable-value' } });
    expect((await answer(served, randomUUID(), { processed: true })).status).toBe(404);
    expect((await answer(served, 'nonsense', { processed: true })).status).toBe(400);
    expect((await answer(served, id, { processed: true }, '?consumer=nobody')).body.code).toBe(
      'unknown-consumer',
    );
    expect((await served.get('/api/v1/events?processed=maybe')).status).toBe(400);
    expect((await served.get('/api/v1/events?processed=true&consumer=nobody')).status).toBe(404);
    expect((await served.get(`/api/v1/events/${id}?consumer=nobody`)).status).toBe(404);
    expect((await served.get(`/api/v1/events/${id}?consumer=default`)).body.processing_status).toBe('leased');
  });
});
