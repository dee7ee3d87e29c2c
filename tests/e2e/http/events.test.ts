import { describe, expect, test } from '@jest/globals';
import { Deposit, OpenAccount } from '../../support/bank.ts';
import { everyStore, serve } from './support/serve.ts';
import type { Json } from './support/serve.ts';

const opened = {
  event_type: 'account.opened',
  aggregate_type: 'account',
  aggregate_id: 'a-1',
  payload: { owner: 'Ada' },
};
const deposited = (amount: number, id = 'a-1') => ({
  event_type: 'account.deposited',
  aggregate_type: 'account',
  aggregate_id: id,
  payload: { amount },
});

describe.each(everyStore)('Events over HTTP on %s', (_name, options) => {
  test('are stored, answered whole and found again', async () => {
    const { post, get } = await serve({}, await options());
    const answer = await post('/api/v1/events', {
      ...{ ...opened, version: 2, user_id: 'ada', created_by: 'agent:importer', correlation_id: 'c-1' },
      ...{ causation_id: 'x-1', metadata: { source: 'web' } },
    });
    expect(answer.status).toBe(201);
    const { id } = answer.body;
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.headers.get('location')).toBe(`/api/v1/events/${id}`);
    expect(answer.body).toEqual({
      ...{ id: expect.stringMatching(/^[0-9a-f-]{36}$/), event_number: expect.any(Number) },
      ...{ event_type: 'account.opened', aggregate_type: 'account', aggregate_id: 'a-1', stream_version: 1 },
      ...{ version: 2, payload: { owner: 'Ada' }, data: { owner: 'Ada' }, metadata: { source: 'web' } },
      ...{ correlation_id: 'c-1', causation_id: 'x-1', user_id: 'ada', created_by: 'agent:importer' },
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
    for (const path of [`/api/v1/events/${id}`, `/events/${id}`, `/events/${id}/`]) {
      expect((await get(path)).body).toEqual(answer.body);
    }
    expect((await get('/events/?aggregate_id=a-1')).body).toEqual({
      events: [answer.body],
      next_cursor: null,
    });
  });

  test('of a batch are stored together or not at all', async () => {
    const { post, get } = await serve({}, await options());
    const refused = await post('/api/v1/events', {
      events: [opened, { ...deposited(5, 'b-1'), expected_version: 7 }],
    });
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'stream-version-conflict', actual_version: 0 },
    });
    expect((await get('/events')).body.events).toEqual([]);
    const { status, body, headers } = await post('/api/v1/events', {
      events: [opened, deposited(5), deposited(6, 'b-1'), { ...deposited(7), expected_version: 2 }],
    });
    expect(status).toBe(201);
    expect(headers.get('etag')).toBeNull();
    const versions = body.events.map((event: Json) => [
      event.aggregate_id,
      event.stream_version,
      event.payload,
    ]);
    expect(versions).toEqual([
      ...[
        ['a-1', 1, { owner: 'Ada' }],
        ['a-1', 2, { amount: 5 }],
        ['b-1', 1, { amount: 6 }],
      ],
      ['a-1', 3, { amount: 7 }],
    ]);
  });

  test('are refused when the stream is not at the expected version', async () => {
    const { post } = await serve({}, await options());
    const send = (body: object, headers: Record<string, string> = {}) => post('/events/', body, { headers });
    expect((await send(opened, { 'if-none-match': '*' })).status).toBe(201);
    expect(await send(opened, { 'if-none-match': '*' })).toMatchObject({
      status: 412,
      body: { actual_version: 1 },
    });
    expect((await send({ ...opened, expected_version: 'none' })).status).toBe(409);
    expect((await send({ ...deposited(1), expected_version: 1 })).headers.get('etag')).toBe('"2"');
    expect((await send(deposited(2), { 'if-match': '"2"' })).status).toBe(201);
    expect(await send(deposited(2), { 'if-match': '"2"' })).toMatchObject({
      status: 412,
      body: { code: 'condition-failed', actual_version: 3 },
    });
    expect((await send(deposited(2), { 'if-match': '*' })).status).toBe(201);
    expect((await send(deposited(2, 'new'), { 'if-match': '*' })).status).toBe(412);
  });

  test('are stored once under an idempotency key, wherever it stands', async () => {
    const { post, get } = await serve({}, await options());
    const first = await post('/events', { ...opened, idempotency_key: 'k-1' });
    await post('/events', deposited(1));
    const again = await post('/events', opened, { headers: { 'idempotency-key': 'k-1' } });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    const other = await post('/events', { ...deposited(9), idempotency_key: 'k-1' });
    expect(other).toMatchObject({ status: 409, body: { code: 'event-id-conflict' } });
    expect((await get('/events')).body.events).toHaveLength(2);
  });

  test('come in pages, by cursor and by offset, oldest or newest first', async () => {
    const { post, get } = await serve({}, await options());
    await post('/events', { events: [1, 2, 3, 4, 5].map(amount => deposited(amount)) });
    const amounts = (body: Json): number[] => body.events.map((event: Json) => event.payload.amount);
    const first = (await get('/events?limit=2&order=newest')).body;
    const second = (await get(`/events?limit=2&order=newest&cursor=${first.next_cursor}`)).body;
    const third = (await get(`/events?limit=2&order=newest&cursor=${second.next_cursor}`)).body;
    expect([first, second, third].map(amounts)).toEqual([[5, 4], [3, 2], [1]]);
    expect(third.next_cursor).toBeNull();
    expect(amounts((await get('/events/?limit=2&offset=1')).body)).toEqual([2, 3]);
    expect(amounts((await get('/events/?limit=2&offset=9')).body)).toEqual([]);
    expect((await get(`/events?cursor=${first.next_cursor}`)).body).toMatchObject({ code: 'invalid-query' });
  });

  test('are filtered and counted by everything they carry', async () => {
    const { post, get } = await serve({}, await options());
    await post('/events', {
      ...opened,
      metadata: { correlation_id: 'c-1', causation_id: 'x-1' },
      user_id: 'ada',
    });
    await post('/events', { ...deposited(1, 'a-2'), created_by: 'user:bob', user_id: 'bob' });
    const found = async (query: string): Promise<string[]> =>
      (await get(`/api/v1/events?${query}`)).body.events.map((event: Json) => event.aggregate_id);
    for (const query of [
      ...['aggregate_id=a-1', 'event_type=account.opened', 'correlation_id=c-1', 'causation_id=x-1'],
      ...['user_id=ada', 'created_by=system', 'actor=system'],
    ]) {
      expect([query, await found(query)]).toEqual([query, ['a-1']]);
    }
    expect(await found('created_by=user:bob&aggregate_type=account')).toEqual(['a-2']);
    expect(await found('since=2020-01-01&until=2999-01-01T00:00:00%2B01:00')).toEqual(['a-1', 'a-2']);
    expect(await found('since=2999-01-01')).toEqual([]);
    expect((await get('/events/stats')).body).toEqual({
      ...{ total: 2, by_type: { 'account.opened': 1, 'account.deposited': 1 } },
    });
    expect((await get('/events/stats?user_id=bob&since=2020-01-01')).body).toMatchObject({ total: 1 });
    expect((await get('/events/types')).body.types).toEqual([
      { event_type: 'account.deposited', count: 1 },
      { event_type: 'account.opened', count: 1 },
    ]);
  });

  test('tell the history and the state of an aggregate, now and in the past', async () => {
    const { app, get } = await serve({}, await options());
    await app.commands.dispatch(new OpenAccount('ö / 1', 'Ada'));
    await app.commands.dispatch(new Deposit('ö / 1', 30));
    await app.commands.dispatch(new Deposit('ö / 1', 12));
    const path = `/api/v1/events/aggregate/account/${encodeURIComponent('ö / 1')}`;
    const history = await get(`${path}/history?limit=2`);
    expect(history.headers.get('etag')).toBe('"3"');
    expect(history.body).toMatchObject({ aggregate_type: 'account', aggregate_id: 'ö / 1' });
    expect(history.body.events.map((event: Json) => event.event_type)).toEqual([
      'account.opened',
      'account.deposited',
    ]);
    expect((await get(`${path}/state`)).body).toMatchObject({ version: 3, state: { balance: 42 } });
    const past = await get(`${path}/state/?version=2`);
    expect(past.headers.get('etag')).toBe('"2"');
    expect(past.body).toMatchObject({ version: 2, state: { balance: 30 } });
    expect((await get(`${path}/state?at=2020-01-01`)).status).toBe(404);
    expect((await get(`${path}/state?at=2999-01-01`)).body).toMatchObject({ version: 3 });
    expect((await get('/events/aggregate/unicorn/a/state')).status).toBe(404);
  });

  test('tell what they came from and caused', async () => {
    const { post, get } = await serve({}, await options());
    const root = (await post('/events', { ...opened, correlation_id: 'c-1' })).body;
    const effect = (await post('/events', { ...deposited(1), correlation_id: 'c-1', causation_id: root.id }))
      .body;
    const { body } = await get(`/events/${effect.id}/causation`);
    expect(body).toEqual({
      roots: [{ event: root, children: [{ event: effect, children: [] }] }],
      ancestors: [root],
      is_complete: true,
    });
  });
});

test('Where nothing is, a problem says so', async () => {
  const { get, call } = await serve();
  const missing = await get('/events/880e8400-e29b-41d4-a716-446655440003');
  expect(missing.status).toBe(404);
  expect(missing.headers.get('content-type')).toMatch('application/problem+json');
  expect(missing.body).toEqual({
    type: 'urn:annals:problem:not-found',
    title: 'There is no such thing',
    status: 404,
    detail: 'There is no event 880e8400-e29b-41d4-a716-446655440003.',
    code: 'not-found',
  });
  for (const [method, path] of [
    ['GET', '/nowhere'],
    ['DELETE', '/events'],
    ['PATCH', '/events/'],
  ] as const) {
    expect(await call(method, path)).toMatchObject({ status: 404, body: { code: 'not-found' } });
  }
});

test('Health and status are told to everybody, and nothing more', async () => {
  const { get, app } = await serve();
  expect((await get('/health/live')).body).toEqual({
    status: 'ok',
    checks: [{ name: 'process', status: 'ok' }],
  });
  expect((await get('/health/ready')).status).toBe(200);
  expect((await get('/api/v1/status')).body).toMatchObject({
    features: { events: 'active', database: 'active' },
  });
  await app.stop();
  expect((await get('/health/ready')).status).toBe(503);
});
