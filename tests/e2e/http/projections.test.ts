import { afterEach, describe, expect, test } from '@jest/globals';
import { defineModule } from 'annals/di';
import { prometheus } from 'annals/telemetry';
import { Balances, Deposit, OpenAccount, bankModule } from '../../support/bank.ts';
import { eventually } from '../../support/eventually.ts';
import { Amounts, StoppingAmounts, poison, resetPoison } from '../../support/poison.ts';
import { everyStore, serve } from './support/serve.ts';
import type { Json, Served } from './support/serve.ts';
import { tokenAccess, tokenOf } from './support/tokens.ts';

const prefix = '/api/v1/projections';
const reason = 'the disk was full';

afterEach(resetPoison);

async function deposit({ app }: Served, ...amounts: readonly number[]): Promise<void> {
  const events = amounts.map(amount => ({ type: 'account.deposited', payload: { amount } }));
  const stream = { aggregateType: 'account', aggregateId: 'a-1' };
  await app.events.append({ stream, expectedVersion: 'any', events });
}

async function buildOf({ get }: Served, name: string, status: string): Promise<Json> {
  const { body } = await get(`${prefix}/${name}`);
  return body.builds.find((build: Json) => build.status === status);
}

describe.each(everyStore)('Projections over HTTP on %s', (_name, options) => {
  test('are shown, paused and resumed, with who did it and why', async () => {
    const served = await serve({}, await options());
    const { get, post, app } = served;
    await deposit(served, 5);
    await app.projections.catchUp();
    const found = await get(prefix);
    const caughtUp = { events: 0, ms: 0, growth: 0 };
    expect(found.body.projections).toEqual([
      {
        ...{ name: 'balances', version: 1, generation: 1, status: 'live', written_by: 'runners' },
        ...{ is_paused: false, condition: 'running', last_error: null, position: expect.any(Number) },
        ...{ swaps_by_itself: false, held_because: null },
        ...{ lag: caughtUp, events_per_second: expect.any(Number) },
        seconds_left: found.body.projections[0].seconds_left,
        parked: { keys: 0, events: 0 },
        shards: [
          {
            ...{ shard: 0, position: expect.any(Number), owner: expect.any(String), condition: 'running' },
            ...{ error: null, events_per_second: expect.any(Number), moved_at: expect.any(String) },
            lag: caughtUp,
          },
        ],
      },
    ]);
    expect(await post(`${prefix}/balances/pause`, { reason })).toMatchObject({
      ...{ status: 200, body: { projection: 'balances' } },
    });
    expect(await buildOf(served, 'balances', 'live')).toMatchObject({ is_paused: true });
    await deposit(served, 6);
    expect(await app.readModels.of(Balances).get('a-1')).toEqual({ balance: 5 });
    expect((await served.call('POST', `${prefix}/balances/resume/`)).status).toBe(200);
    await app.projections.catchUp();
    expect(await app.readModels.of(Balances).get('a-1')).toEqual({ balance: 11 });
    const { operations } = (await get(`${prefix}/balances/history`)).body;
    expect(operations).toMatchObject([
      { action: 'resume', actor: 'system' },
      { action: 'pause', actor: 'system', reason, name: 'balances', version: 1 },
    ]);
    expect((await get('/api/v1/operations?limit=1')).body.operations).toEqual([operations[0]]);
  });

  test('are rebuilt, compared, swapped, rolled back and dropped', async () => {
    const served = await serve({}, await options());
    const { post, app } = served;
    await deposit(served, 5, 6);
    await app.projections.catchUp();
    const act = (verb: string, body: object = { reason }) => post(`${prefix}/balances/${verb}`, body);
    expect(await act('rebuild', { swaps_by_itself: false, shards: 2, reason })).toMatchObject({
      ...{ status: 202, body: { projection: 'balances', generation: 2 } },
    });
    expect(await act('rebuild')).toMatchObject({ status: 409, body: { code: 'rebuild-under-way' } });
    expect((await buildOf(served, 'balances', 'building')).shards).toHaveLength(2);
    expect(await act('compare', { sample: 'all' })).toMatchObject({
      status: 200,
      body: { is_same: true, tables: { documents: { live_rows: 1, built_rows: 1, different: 0 } } },
    });
    expect(await act('swap', { compare: 10, reason })).toMatchObject({
      ...{ status: 200, body: { comparison: { is_same: true } } },
    });
    expect(await act('swap')).toMatchObject({ status: 409, body: { code: 'no-build' } });
    expect(await buildOf(served, 'balances', 'live')).toMatchObject({ generation: 2 });
    expect((await act('roll-back')).status).toBe(200);
    expect(await buildOf(served, 'balances', 'live')).toMatchObject({ generation: 1 });
    expect((await act('drop')).status).toBe(200);
    expect(await act('drop')).toMatchObject({ status: 409, body: { code: 'no-build' } });
    expect(await act('roll-back')).toMatchObject({ status: 409, body: { code: 'no-build' } });
    const { generation } = (await act('rebuild', { allows_parked: true, reason })).body;
    const { operations } = (await served.get(`${prefix}/balances/history`)).body;
    expect(operations.find(({ action }: Json) => action === 'rebuild')).toMatchObject({
      details: { generation, allowsParked: true },
    });
    await eventually(
      'it has taken its place by itself',
      async () => (await buildOf(served, 'balances', 'live')).generation === generation,
      40_000,
    );
    await app.projections.catchUp();
    expect(await app.readModels.of(Balances).get('a-1')).toEqual({ balance: 11 });
  });

  test('have parked events retried and discarded, each once', async () => {
    const module = defineModule({ projectors: [Amounts] });
    const served = await serve({}, { ...(await options()), modules: [bankModule, module] });
    const { get, post, app } = served;
    await deposit(served, 5, 13, 7);
    await app.projections.catchUp();
    const parked = async (): Promise<Json> => (await get(`${prefix}/amounts/parked`)).body.parked;
    const [found] = await parked();
    expect(found).toEqual({
      ...{ shard: 0, key: 'a-1', position: expect.any(Number), error: expect.stringContaining('poison 13') },
      ...{ attempts: expect.any(Number), count: 2, parked_at: expect.any(String) },
    });
    const act = (verb: string, body: object) => post(`${prefix}/amounts/${verb}`, body);
    expect((await act('parked/retry', { reason })).body).toMatchObject({ handled: 0, failed_keys: ['a-1'] });
    expect((await act('skip', { position: found.position, reason })).status).toBe(200);
    expect((await act('parked/retry', { key: 'a-1' })).body).toMatchObject({ handled: 1, failed_keys: [] });
    expect(await app.readModels.of(Amounts).get('a-1')).toEqual({ amounts: [5, 7] });
    expect(await act('skip', { position: found.position, reason })).toMatchObject({
      ...{ status: 409, body: { code: 'nothing-to-skip' } },
    });
    await deposit(served, 13);
    await app.projections.catchUp();
    expect((await act('parked/discard', { key: 'a-1', reason })).body).toMatchObject({ discarded: 1 });
    expect(await parked()).toEqual([]);
    for (const verb of ['parked/discard', 'parked/retry']) {
      expect(await act(verb, { key: 'a-1', reason })).toMatchObject({
        ...{ status: 404, body: { code: 'nothing-parked' } },
      });
    }
  });
});

test('A build that is far behind is not swapped, and can be given up', async () => {
  const served = await serve();
  const { post, app } = served;
  // So many that what its first batch leaves is too much for a swap.
  for (let batch = 0; batch < 2; batch++) await deposit(served, ...Array.from({ length: 5_000 }, () => 1));
  await app.projections.catchUp();
  const act = (verb: string, body: object = {}) => post(`${prefix}/balances/${verb}`, body);
  await act('rebuild', { swaps_by_itself: false, max_events_per_second: 1 });
  expect(await act('swap', { compare: 'none' })).toMatchObject({
    ...{ status: 409, body: { code: 'not-caught-up' } },
  });
  expect((await act('cancel-rebuild')).status).toBe(200);
  expect(await act('cancel-rebuild')).toMatchObject({ status: 409, body: { code: 'no-build' } });
});

test('A projection that has stopped is shown with its error, and goes on when the event is skipped', async () => {
  const module = defineModule({ projectors: [StoppingAmounts] });
  const served = await serve({}, { modules: [bankModule, module] });
  await deposit(served, 5, 13, 7);
  const stopped = await eventually('it has stopped', async () => {
    const build = await buildOf(served, 'stopping_amounts', 'live');
    return build.condition === 'stopped' && build;
  });
  expect(stopped.last_error).toContain('ProjectionStopped');
  const [, event] = (await served.app.events.query({})).events;
  const skip = { position: event!.position, reason };
  expect((await served.post(`${prefix}/stopping_amounts/skip`, skip)).status).toBe(200);
  await served.app.projections.catchUp();
  expect(await served.app.readModels.of(StoppingAmounts).get('a-1')).toEqual({ amounts: [5, 7] });
  expect(poison.tried).toBeGreaterThan(0);
});

test('A checkpoint is set, and keys are divided anew, where that does no harm', async () => {
  const served = await serve();
  const { post, app } = served;
  await deposit(served, 5, 6);
  await app.projections.catchUp();
  const act = (verb: string, body: object) => post(`${prefix}/balances/${verb}`, body);
  expect(await act('reset', { position: 0, reason })).toMatchObject({
    ...{ status: 409, body: { code: 'reset-refused' } },
  });
  expect((await act('reset', { position: await app.events.settledPosition(), reason })).status).toBe(200);
  expect((await act('reshard', { shards: 3, reason })).status).toBe(200);
  expect((await buildOf(served, 'balances', 'live')).shards).toHaveLength(3);
});

test('What operators send is checked before anything is done', async () => {
  const { get, post, app } = await serve();
  for (const verb of [
    ...[
      'pause',
      'resume',
      'rebuild',
      'cancel-rebuild',
      'compare',
      'swap',
      'roll-back',
      'drop',
      'skip',
      'reset',
    ],
    ...['parked/retry', 'parked/discard', 'reshard'],
  ]) {
    const body = bodies[verb] ?? {};
    const unknown = await post(`${prefix}/unicorns/${verb}`, body);
    expect([verb, unknown.status, unknown.body.code]).toEqual([verb, 404, 'unknown-projection']);
    const more = await post(`${prefix}/balances/${verb}`, { ...body, actor: 'user:eve' });
    expect([verb, more.status, more.body.code]).toEqual([verb, 400, 'invalid-request']);
    expect((await post(`${prefix}/balances/${verb}`, '[]')).status).toBe(400);
  }
  for (const [verb, body] of [
    ['drop', {}],
    ['parked/discard', { key: 'a-1' }],
    ['parked/discard', { reason }],
    ['skip', { position: -1, reason }],
    ['reset', { position: 1.5, reason }],
    ['reset', { position: 2 ** 53, reason }],
    ['reshard', { shards: 65 }],
    ['rebuild', { shards: 0 }],
    ['compare', { sample: 'some' }],
    ['pause', { build: 'old' }],
    ['pause', { reason: '' }],
    ['pause', { reason: 'x'.repeat(1_001) }],
  ] as const) {
    const refused = await post(`${prefix}/balances/${verb}`, body);
    expect([verb, body, refused.status]).toEqual([verb, body, 400]);
  }
  expect(await post(`${prefix}/balances/parked/discard`, { key: 'a-1', reason: '   ' })).toMatchObject({
    ...{ status: 400, body: { code: 'invalid-identifier' } },
  });
  for (const path of ['unicorns', 'unicorns/parked', 'unicorns/history']) {
    expect((await get(`${prefix}/${path}`)).status).toBe(404);
  }
  expect((await get('/api/v1/operations?limit=0')).status).toBe(400);
  expect(await post(`${prefix}/balances/pause`, { build: 'kept' })).toMatchObject({
    ...{ status: 409, body: { code: 'no-build' } },
  });
  expect(await app.projections.history()).toEqual([]);
});

const bodies: Readonly<Record<string, object>> = {
  drop: { reason },
  skip: { position: 1, reason },
  reset: { position: 1, reason },
  'parked/discard': { key: 'a-1', reason },
  reshard: { shards: 2 },
};

test('Operators run projections, admins also what cannot be undone, and nobody else', async () => {
  const served = await serve({ access: tokenAccess });
  const { get, post, app } = served;
  const as = (role: string) => tokenOf('ada', [role]);
  for (const token of [undefined, await as('reader'), await as('writer')]) {
    const status = token === undefined ? 401 : 403;
    expect((await get(prefix, token)).status).toBe(status);
    expect((await get(`${prefix}/balances/parked`, token)).status).toBe(status);
    expect((await get('/api/v1/operations', token)).status).toBe(status);
    expect((await post(`${prefix}/balances/pause`, {}, { token })).status).toBe(status);
  }
  const operator = await as('operator');
  expect((await post(`${prefix}/balances/pause`, { reason }, { token: operator })).status).toBe(200);
  for (const verb of ['drop', 'parked/discard', 'skip', 'reset']) {
    const body = bodies[verb];
    expect((await post(`${prefix}/balances/${verb}`, body, { token: operator })).status).toBe(403);
    const admin = await post(`${prefix}/balances/${verb}`, body, { token: await as('admin') });
    expect([verb, admin.status]).toEqual([verb, verb === 'parked/discard' ? 404 : 409]);
  }
  expect(await app.projections.history()).toMatchObject([{ action: 'pause', actor: 'user:ada', reason }]);
});

describe('Metrics', () => {
  test('are told to operators as Prometheus reads them', async () => {
    const telemetry = prometheus();
    const served = await serve({ access: tokenAccess, metrics: telemetry }, { telemetry });
    await served.app.commands.dispatch(new OpenAccount('a-1', 'Ada'));
    await served.app.commands.dispatch(new Deposit('a-1', 5));
    await served.app.projections.catchUp();
    const answer = await served.get('/metrics', await tokenOf('ada', ['operator']));
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(answer.body).toContain('annals_appends_total{annals_append_outcome="stored"} 2\n');
    expect(answer.body).toMatch(/annals_command_duration_seconds_count\{[^}]*succeeded[^}]*\} 1\n/);
    expect(answer.body).toMatch(/annals_projection_lag[a-z_]*\{annals_projection_name="balances"/);
    expect((await served.get('/metrics')).status).toBe(401);
    expect((await served.get('/metrics', await tokenOf('ada', ['writer']))).status).toBe(403);
  });

  test('are not served where nobody keeps any', async () => {
    expect((await (await serve()).get('/metrics')).status).toBe(404);
  });
});
