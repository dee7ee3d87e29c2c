import { afterEach, expect, test } from '@jest/globals';
import { prometheus } from 'annals/telemetry';
import { bankModule } from '../../support/bank.ts';
import { Amounts, resetPoison } from '../../support/poison.ts';
import { defineModule } from 'annals/di';
import { deskModule } from './support/desk.ts';
import { documentChecker, operationsOf } from './support/documented.ts';
import type { DocumentedOperation } from './support/documented.ts';
import { serve } from './support/serve.ts';
import type { Answer, Json, Served } from './support/serve.ts';

afterEach(resetPoison);

/* Calls operations by their names in the document, with its examples unless it is told others. */
class Client {
  readonly called = new Set<string>();
  readonly #served: Served;
  readonly #operations: ReadonlyMap<string, DocumentedOperation>;
  readonly #problemsWith: ReturnType<typeof documentChecker>;

  constructor(served: Served, document: Json) {
    this.#served = served;
    this.#operations = new Map(operationsOf(document).map(operation => [operation.name, operation]));
    this.#problemsWith = documentChecker(document);
  }

  get names(): string[] {
    return [...this.#operations.keys()];
  }

  exampleOf(name: string, index = 0): Json {
    return this.#operations.get(name)!.body!.examples[index];
  }

  async call(
    name: string,
    status: number,
    given: { params?: Json; query?: string; body?: Json } = {},
  ): Promise<Json> {
    const operation = this.#operations.get(name)!;
    const [method, path] = name.split(' ') as [string, string];
    const { params = {}, query = '', body = operation.body?.examples[0] } = given;
    const address = path.replaceAll(/\{(\w+)\}/g, (_part, key: string) => params[key] as string);
    const answer = await this.#served.call(method.toUpperCase(), `${address}${query}`, { body });
    expect([name, answer.status, answer.body]).toEqual([name, status, answer.body]);
    this.#check(operation, answer);
    this.called.add(name);
    return answer.body;
  }

  #check({ name, answers }: DocumentedOperation, { status, body }: Answer): void {
    const media = answers.find(each => each.status === String(status))!.media;
    const problems = media === undefined ? [] : this.#problemsWith(media.schema, body);
    expect([name, media === undefined ? '' : body, problems]).toEqual([name, body, []]);
  }
}

const reason = 'it was asked for';

async function events(client: Client): Promise<void> {
  const name = 'post /api/v1/events';
  const created = await client.call(name, 201);
  const once = client.exampleOf(name, 1);
  await client.call(name, 201, { body: once });
  await client.call(name, 200, { body: once });
  await client.call(name, 201, { body: client.exampleOf(name, 2) });
  const params = { id: created.id, type: created.aggregate_type };
  await client.call('get /api/v1/events', 200, { query: '?consumer=default' });
  await client.call('get /api/v1/events/types', 200);
  await client.call('get /api/v1/events/stats', 200);
  await client.call('get /api/v1/events/{id}', 200, { params });
  await client.call('get /api/v1/events/{id}/causation', 200, { params });
  const ofAggregate = { type: created.aggregate_type, id: created.aggregate_id };
  await client.call('get /api/v1/events/aggregate/{type}/{id}/history', 200, { params: ofAggregate });
}

async function consumers(client: Client): Promise<void> {
  const params = { name: 'billing' };
  await client.call('put /api/v1/consumers/{name}', 200, { params, body: { max_attempts: 1 } });
  const pull = async (): Promise<Json> => {
    const { events: pulled } = await client.call('get /api/v1/events/unprocessed', 200, {
      query: '?consumer=billing',
    });
    return pulled[0];
  };
  const name = 'put /api/v1/events/{id}/processing';
  const answer = async (example: number): Promise<string> => {
    const { id, lease } = await pull();
    const body = { ...client.exampleOf(name, example), lease };
    await client.call(name, 200, { params: { id }, query: '?consumer=billing', body });
    return id;
  };
  await answer(0);
  const parked = { ...params, id: await answer(1) };
  await client.call('get /api/v1/consumers/{name}/parked', 200, { params });
  await client.call('post /api/v1/consumers/{name}/parked/{id}/retry', 200, { params: parked });
  await answer(1);
  await client.call('post /api/v1/consumers/{name}/parked/{id}/discard', 200, { params: parked });
  await answer(2);
  await client.call('get /api/v1/consumers', 200);
  await client.call('get /api/v1/consumers/{name}', 200, { params });
  await client.call('post /api/v1/consumers/{name}/purge', 200, { params });
  await client.call('get /api/v1/consumers/{name}/history', 200, { params });
  await client.call('delete /api/v1/consumers/{name}', 204, { params });
}

async function messages(client: Client): Promise<void> {
  const post = (name: string, body: Json): Promise<Json> =>
    client.call(`post /api/v1/${name}`, 200, { body });
  await post('commands/open-account', { accountId: 'a-1', owner: 'Ada' });
  await post('commands/open-account', { accountId: 'a-2', owner: 'Bea' });
  await post('commands/deposit', { accountId: 'a-1', amount: 13 });
  await post('commands/deposit', { accountId: 'a-1', amount: 5 });
  await post('commands/transfer', { from: 'a-1', to: 'a-2', amount: 1 });
  // Its schema tells enough for an example that it takes itself.
  const email = client.exampleOf('post /api/v1/commands/change-email');
  await post('commands/change-email', { ...email, accountId: 'a-1' });
  await client.call('get /api/v1/events/aggregate/{type}/{id}/state', 200, {
    params: { type: 'account', id: 'a-1' },
  });
  await post('queries/rich-accounts', { atLeast: 1 });
  await post('queries/balance-of', { accountId: 'a-1' });
  await post('queries/accounts', undefined);
  await client.call('get /api/v1/queries/rich-accounts', 200, { query: '?atLeast=1' });
  await client.call('get /api/v1/queries/balance-of', 200, { query: '?accountId=a-1' });
  await client.call('get /api/v1/queries/accounts', 200, { query: '?least=1' });
}

async function projections(client: Client, { app }: Served): Promise<void> {
  const act = (name: string, verb: string, body: Json, status = 200): Promise<Json> =>
    client.call(`post /api/v1/projections/{name}/${verb}`, status, { params: { name }, body });
  await app.projections.catchUp();
  await act('balances', 'pause', { reason });
  await act('balances', 'resume', { reason });
  const rebuild = client.exampleOf('post /api/v1/projections/{name}/rebuild');
  await act('balances', 'rebuild', rebuild, 202);
  await act('balances', 'compare', client.exampleOf('post /api/v1/projections/{name}/compare'));
  await act('balances', 'swap', client.exampleOf('post /api/v1/projections/{name}/swap'));
  await act('balances', 'roll-back', { reason });
  await act('balances', 'drop', { reason });
  await act('balances', 'rebuild', rebuild, 202);
  await act('balances', 'cancel-rebuild', { reason });
  await act('balances', 'reset', { position: await app.events.settledPosition(), reason });
  await act('balances', 'reshard', client.exampleOf('post /api/v1/projections/{name}/reshard'));
  const params = { name: 'amounts' };
  const { parked } = await client.call('get /api/v1/projections/{name}/parked', 200, { params });
  await act('amounts', 'parked/retry', { key: parked[0].key, reason });
  await act('amounts', 'skip', { position: parked[0].position, reason });
  await act('amounts', 'parked/discard', { key: parked[0].key, reason });
  await client.call('get /api/v1/projections', 200);
  await client.call('get /api/v1/projections/{name}', 200, { params });
  await client.call('get /api/v1/projections/{name}/history', 200, { params });
  await client.call('get /api/v1/operations', 200);
}

// One never ends, and the other ends when whoever asked has gone.
const endless = ['get /api/v1/stream', 'post /api/v1/commands/deposit-late'];

test('Every answer is what the OpenAPI document says, to the requests that it gives as examples', async () => {
  const modules = [bankModule, deskModule, defineModule({ name: 'poison', projectors: [Amounts] })];
  const served = await serve({ metrics: prometheus() }, { modules });
  const client = new Client(served, (await served.get('/openapi.json')).body);
  await events(client);
  await messages(client);
  await consumers(client);
  await projections(client, served);
  for (const name of ['/health/live', '/health/ready', '/api/v1/status', '/metrics'])
    await client.call(`get ${name}`, 200);
  expect(client.names.filter(name => !client.called.has(name))).toEqual(endless);
});
