import { describe, expect, test } from '@jest/globals';
import { Command, Handles } from 'annals';
import type { CommandHandler } from 'annals';
import { defineModule } from 'annals/di';
import { InvalidMessageNames, httpFace } from 'annals/http';
import { Balances, Deposit, OpenAccount, bankModule } from '../../support/bank.ts';
import { eventually } from '../../support/eventually.ts';
import { startBank, versionOf } from '../../support/start-bank.ts';
import { asked, deskModule, late } from './support/desk.ts';
import { everyStore, serve } from './support/serve.ts';
import type { Served } from './support/serve.ts';
import { tokenAccess, tokenOf } from './support/tokens.ts';

const modules = [bankModule, deskModule];

async function open(served: Served, accountId = 'a-1', token?: string): Promise<void> {
  const opened = await served.post('/api/v1/commands/open-account', { accountId, owner: 'Ada' }, { token });
  expect(opened).toMatchObject({ status: 200, body: { result: accountId } });
}

describe.each(everyStore)('Commands and queries over HTTP on %s', (_name, options) => {
  test('are answered with results, and a query sees what a command has stored', async () => {
    const served = await serve({}, { ...(await options()), modules });
    const { app, post, call } = served;
    await open(served);
    const deposited = await post('/api/v1/commands/deposit/', { accountId: 'a-1', amount: 30 });
    const position = deposited.headers.get('annals-position');
    expect(deposited.body).toEqual({
      ...{ result: 30, position: Number(position), repeated: false },
      ...{ command_id: expect.any(String), correlation_id: deposited.body.command_id },
    });
    const headers = { 'annals-position': position! };
    const found = await call('GET', '/api/v1/queries/balance-of?accountId=a-1', { headers });
    expect(found).toMatchObject({ status: 200, body: { result: 30 } });
    const [event] = (await app.events.query({ types: ['account.deposited'] })).events;
    expect(event).toMatchObject({ position: Number(position), actor: 'system', userId: undefined });
    expect(event).toMatchObject({ causationId: deposited.body.command_id });
  });

  test('run once under an idempotency key, also at the same time', async () => {
    const served = await serve({}, { ...(await options()), modules });
    await open(served);
    const headers = { 'idempotency-key': 'k-1', 'correlation-id': 'c-1' };
    const send = () => served.post('/api/v1/commands/deposit', { accountId: 'a-1', amount: 30 }, { headers });
    const racers = await Promise.all([send(), send(), send()]);
    const again = await send();
    for (const { status, body } of [...racers, again]) {
      expect({ status, body }).toMatchObject({ status: 200, body: { result: 30, correlation_id: 'c-1' } });
      expect(body).toMatchObject({ command_id: 'k-1', position: again.body.position });
    }
    expect(racers.filter(({ body }) => !body.repeated)).toHaveLength(1);
    expect(again.body.repeated).toBe(true);
    expect(again.headers.get('annals-position')).toBe(String(again.body.position));
    const other = { accountId: 'a-1', amount: 31 };
    expect(await served.post('/api/v1/commands/deposit', other, { headers })).toMatchObject({
      ...{ status: 409, body: { code: 'command-id-reused' } },
    });
    expect(await versionOf(served.app, 'a-1')).toBe(2);
  });
});

test('A query that names a position waits for the read models that it reads', async () => {
  const served = await serve({}, { modules });
  const { app, post, get, call } = served;
  await open(served);
  await app.projections.pause(Balances);
  const { headers } = await post('/api/v1/commands/deposit', { accountId: 'a-1', amount: 30 });
  const position = { headers: { 'annals-position': headers.get('annals-position')! } };
  expect((await get('/api/v1/queries/balance-of?accountId=a-1')).body).toEqual({ result: null });
  const { began } = asked;
  const waiting = [
    call('GET', '/api/v1/queries/balance-of?accountId=a-1', position),
    post('/api/v1/queries/accounts', { least: 30 }, position),
  ];
  await eventually('both are being answered', async () => asked.began === began + 2);
  await app.projections.resume(Balances);
  const [balance, accounts] = await Promise.all(waiting);
  expect(balance!.body).toEqual({ result: 30 });
  expect(accounts!.body.result.ids).toEqual(['a-1']);
});

test('A query does not wait for a position for ever', async () => {
  const { call, app } = await serve({ limits: { requestTimeoutMs: 200 } }, { modules });
  await app.projections.pause(Balances);
  const position = await app.commands.dispatchFull(new OpenAccount('a-1', 'Ada'));
  await app.commands.dispatch(new Deposit('a-1', 1));
  const headers = { 'annals-position': String(position.lastPosition + 1) };
  const answer = await call('GET', '/api/v1/queries/balance-of?accountId=a-1', { headers });
  expect(answer).toMatchObject({ status: 504, body: { code: 'projection-wait-timeout' } });
});

describe('A command over HTTP', () => {
  test('that the domain refuses is answered with its reason, and stores nothing', async () => {
    const served = await serve({}, { modules });
    const { post, app } = served;
    await open(served);
    expect(await post('/api/v1/commands/deposit', { accountId: 'a-1', amount: -1 })).toMatchObject({
      ...{ status: 422, body: { code: 'domain-error', detail: 'A deposit must be positive.' } },
    });
    expect(await post('/api/v1/commands/deposit', { accountId: 'none', amount: 1 })).toMatchObject({
      ...{ status: 404, body: { code: 'aggregate-not-found' } },
    });
    expect(await post('/api/v1/commands/open-account', { accountId: 'a-1', owner: 'Bob' })).toMatchObject({
      ...{ status: 409, body: { code: 'aggregate-already-exists' } },
    });
    expect((await app.events.query({})).events).toHaveLength(1);
  });

  test('that takes too long is given up before anything is stored', async () => {
    const served = await serve({ limits: { requestTimeoutMs: 300 } }, { modules });
    await open(served);
    const { ended } = late;
    expect(await served.post('/api/v1/commands/deposit-late', { accountId: 'a-1' })).toMatchObject({
      ...{ status: 503, body: { code: 'command-timed-out' } },
    });
    await eventually('the handler has ended', async () => late.ended > ended);
    expect(await versionOf(served.app, 'a-1')).toBe(1);
  });

  test('is given up when its client goes away', async () => {
    const served = await serve({}, { modules });
    await open(served);
    const { began, ended } = late;
    const client = new AbortController();
    const request = fetch(`${served.url}/api/v1/commands/deposit-late`, {
      ...{ method: 'POST', signal: client.signal, body: '{ "accountId": "a-1" }' },
      headers: { 'content-type': 'application/json' },
    });
    await eventually('the handler runs', async () => late.began > began);
    client.abort();
    await expect(request).rejects.toThrow();
    await eventually('the handler has ended', async () => late.ended > ended);
    expect(await versionOf(served.app, 'a-1')).toBe(1);
  });

  test('that comes after the stop of the app is refused', async () => {
    const served = await serve({}, { modules });
    await served.app.stop();
    expect(await served.post('/api/v1/commands/deposit', { accountId: 'a-1', amount: 1 })).toMatchObject({
      ...{ status: 503, body: { code: 'app-stopped' } },
    });
  });
});

describe('Fields over HTTP', () => {
  test('are checked by the schema of the class, which sets what is left out', async () => {
    const served = await serve({}, { modules });
    await open(served);
    const send = (body: unknown) => served.post('/api/v1/commands/change-email', body);
    expect(await send({ accountId: '', email: 'ada' })).toMatchObject({
      status: 400,
      body: {
        code: 'validation-failed',
        errors: [{ path: 'accountId' }, { path: 'email' }],
      },
    });
    expect((await send({ accountId: 'a-1', email: 'ada@example.org', more: 1 })).body.result).toBe(
      'ada@example.org',
    );
    expect(await send({ accountId: 'a-1' })).toMatchObject({ status: 200, body: { result: null } });
    expect(await versionOf(served.app, 'a-1')).toBe(3);
  });

  test('are those of the constructor where there is no schema', async () => {
    const { post, get, app } = await serve({}, { modules });
    const deposit = '/api/v1/commands/deposit';
    expect((await post(deposit, { accountId: 'a-1', ammount: 5 })).body.errors).toEqual([
      { path: 'body/ammount', message: 'is no field; there are: accountId, amount' },
      { path: 'body/amount', message: 'must be given' },
    ]);
    for (const body of ['[]', '3', '"text"', 'null', '']) {
      expect(await post(deposit, body)).toMatchObject({ status: 400 });
    }
    expect(await get('/api/v1/queries/balance-of?account=1')).toMatchObject({
      ...{ status: 400, body: { errors: [{ path: 'query/account' }, { path: 'query/accountId' }] } },
    });
    expect((await app.events.query({})).events).toEqual([]);
  });

  test('that the constructor sets are set anew for each message', async () => {
    class Draft extends Command<object> {
      constructor(
        readonly title: string,
        readonly draftId: object = { number: ++drafts },
        readonly tags: string[] = [],
      ) {
        super();
      }
    }
    let drafts = 0;

    @Handles(Draft)
    class DraftHandler implements CommandHandler<Draft> {
      handle({ title, draftId, tags }: Draft) {
        tags.push(title);
        return { draftId, tags };
      }
    }

    const drafting = defineModule({ name: 'drafts', handlers: [DraftHandler] });
    const { post } = await serve({}, { modules: [drafting] });
    const before = drafts;
    for (const [index, title] of ['a', 'b'].entries()) {
      expect((await post('/api/v1/commands/draft', { title })).body.result).toEqual({
        ...{ draftId: { number: before + index + 1 }, tags: [title] },
      });
    }
  });

  test('cannot be what the class itself does', async () => {
    const { post } = await serve({}, { modules });
    const body = { accountId: 'a-1', describe: 'hidden' };
    expect(await post('/api/v1/commands/deposit-late', body)).toMatchObject({
      ...{
        status: 400,
        body: { errors: [{ path: 'body/describe', message: 'is the name of a method and no field' }] },
      },
    });
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const text = `{ "accountId": "a-1", "amount": 1, "${name}": { "prototype": {} } }`;
      expect(await post('/api/v1/commands/deposit', text)).toMatchObject({ status: 400 });
    }
  });

  test('in an address are read as the schema says', async () => {
    const { get, post } = await serve({}, { modules });
    const expected = { least: 2.5, newestFirst: true, actor: 'system' };
    expect((await get('/api/v1/queries/accounts?least=2.5&newestFirst=true')).body).toEqual({
      result: { ids: [], asked: expected },
    });
    const { body } = await post('/api/v1/queries/accounts', { least: 2.5, newestFirst: true });
    expect(body).toEqual({ result: { ids: [], asked: expected } });
    for (const query of ['least=', 'least=many', 'least=1&least=2', 'least=1&newestFirst=2', '']) {
      expect(await get(`/api/v1/queries/accounts?${query}`)).toMatchObject({
        ...{ status: 400, body: { code: 'validation-failed' } },
      });
    }
    for (const position of ['-1', '1.5', 'end', '9'.repeat(16)]) {
      const headers = { 'annals-position': position };
      expect(await post('/api/v1/queries/accounts', { least: 1 }, { headers })).toMatchObject({
        ...{ status: 400, body: { errors: [{ path: 'header/annals-position' }] } },
      });
    }
  });
});

describe('With tokens', () => {
  test('a writer dispatches, in their own name and no other', async () => {
    const served = await serve({ access: tokenAccess }, { modules });
    const ada = await tokenOf('ada', ['writer']);
    await open(served, 'a-1', ada);
    const deposit = { accountId: 'a-1', amount: 1 };
    for (const claim of ['userId', 'user_id', 'actor', 'created_by']) {
      const claimed = await served.post(
        '/api/v1/commands/deposit',
        { ...deposit, [claim]: 'bob' },
        { token: ada },
      );
      expect(claimed.status).toBe(400);
    }
    const [event] = (await served.app.events.query({})).events;
    expect(event).toMatchObject({ userId: 'ada', actor: 'user:ada' });
    const reader = await tokenOf('eve', ['reader']);
    expect((await served.post('/api/v1/commands/deposit', deposit, { token: reader })).status).toBe(403);
    expect((await served.post('/api/v1/commands/deposit', deposit)).status).toBe(401);
    expect(await versionOf(served.app, 'a-1')).toBe(1);
  });

  test('the keys of one user are not those of another', async () => {
    const served = await serve({ access: tokenAccess }, { modules });
    await open(served, 'a-1', await tokenOf('ada', ['writer']));
    const longest = 'k'.repeat(255);
    for (const key of ['k-1', longest]) {
      for (const user of ['ada', 'bob', 'b'.repeat(200)]) {
        const token = await tokenOf(user, ['writer']);
        const send = () =>
          served.post(
            '/api/v1/commands/deposit',
            { accountId: 'a-1', amount: 1 },
            { token, headers: { 'idempotency-key': key } },
          );
        expect((await send()).body.repeated).toBe(false);
        expect((await send()).body.repeated).toBe(true);
      }
    }
    expect(await versionOf(served.app, 'a-1')).toBe(7);
  });

  test('a reader asks, and the handler knows who does', async () => {
    const { get } = await serve({ access: tokenAccess }, { modules });
    const token = await tokenOf('ada', ['reader']);
    const { body } = await get('/api/v1/queries/accounts?least=1', token);
    expect(body.result.asked).toMatchObject({ userId: 'ada', actor: 'user:ada' });
    expect((await get('/api/v1/queries/accounts?least=1')).status).toBe(401);
  });
});

describe('With other roles than usual', () => {
  test('a command, a query and an append need the role that they were given, and nothing else changes', async () => {
    const leastRoles = {
      append: 'admin',
      commands: { deposit: 'operator' },
      queries: { accounts: 'writer' },
    } as const;
    const { post, get, app } = await serve({ access: tokenAccess, leastRoles }, { modules });
    const as = (role: string): Promise<string> => tokenOf('ada', [role]);
    const send = async (path: string, body: object, role: string): Promise<number> =>
      (await post(path, body, { token: await as(role) })).status;
    expect(await send('/api/v1/commands/open-account', { accountId: 'a-1', owner: 'Ada' }, 'writer')).toBe(
      200,
    );
    for (const [path, body, refused, taken] of [
      ['/api/v1/commands/deposit', { accountId: 'a-1', amount: 5 }, 'writer', 'operator'],
      ['/api/v1/queries/accounts', { least: 1 }, 'reader', 'writer'],
      ['/api/v1/events', event, 'operator', 'admin'],
      ['/events/', event, 'operator', 'admin'],
    ] as const) {
      const before = await app.events.settledPosition();
      expect([path, await send(path, body, refused)]).toEqual([path, 403]);
      expect(await app.events.settledPosition()).toBe(before);
      expect(await send(path, body, taken)).toBeLessThan(300);
    }
    expect((await get('/api/v1/queries/accounts?least=1', await as('reader'))).status).toBe(403);
    expect((await get('/api/v1/queries/rich-accounts?atLeast=1', await as('reader'))).status).toBe(200);
    const { paths } = (await get('/openapi.json')).body;
    expect(paths['/api/v1/commands/deposit'].post.description).toContain('`operator`');
    expect(paths['/api/v1/events'].post.description).toContain('`admin`');
  });

  test.each<[string, object]>([
    ['leastRoles.commands names "withdraw"', { commands: { withdraw: 'operator' } }],
    ['leastRoles.commands names "constructor"', { commands: { constructor: 'operator' } }],
    ['leastRoles.queries names "deposit"', { queries: { deposit: 'operator' } }],
    ['leastRoles.append is "root"', { append: 'root' }],
    ['leastRoles.commands.deposit is "open"', { commands: { deposit: 'open' } }],
  ])('what makes no sense is refused at the start: %s', async (message, leastRoles) => {
    const served = serve({ access: tokenAccess, leastRoles }, { modules });
    await expect(served).rejects.toThrow(message);
    await expect(served).rejects.toMatchObject({ code: 'invalid-http-options' });
  });
});

const event = {
  ...{ event_type: 'order.placed', aggregate_type: 'order', aggregate_id: 'o-1', payload: {} },
};

describe('Names over HTTP', () => {
  class OpenHTTPAccount2 extends Command {}

  @Handles(OpenHTTPAccount2)
  class OpenHTTPAccount2Handler implements CommandHandler<OpenHTTPAccount2> {
    handle(): void {
      // Nothing: the name is what counts.
    }
  }

  class Withdraw extends Command {
    static readonly messageName = 'deposit';
  }

  @Handles(Withdraw)
  class WithdrawHandler implements CommandHandler<Withdraw> {
    handle(): void {
      // Nothing: it is not served.
    }
  }

  const withClash = [bankModule, defineModule({ handlers: [WithdrawHandler] })];

  test('are those of classes in kebab-case, and others are not found', async () => {
    const own = defineModule({ handlers: [OpenHTTPAccount2Handler] });
    const { post, get } = await serve({}, { modules: [own] });
    expect((await post('/api/v1/commands/open-http-account2', {})).body).toMatchObject({ position: null });
    expect(await post('/api/v1/commands/OpenHTTPAccount2', {})).toMatchObject({
      ...{ status: 404, body: { code: 'not-found', detail: 'There is no command "OpenHTTPAccount2".' } },
    });
    for (const name of ['unknown', 'open-http-account2', '__proto__']) {
      expect((await get(`/api/v1/queries/${name}`)).status).toBe(404);
      expect((await post(`/api/v1/queries/${name}`, {})).status).toBe(404);
    }
  });

  test('are refused at the start where two classes have the same', async () => {
    const app = await startBank({ modules: withClash });
    expect(() => httpFace(app, { access: 'anonymous' })).toThrow(InvalidMessageNames);
    expect(() => httpFace(app, { access: 'anonymous' })).toThrow(/"deposit" belongs to Deposit and Withdraw/);
  });

  test('of hidden messages lead nowhere', async () => {
    const { post, app } = await serve({ hidden: [Withdraw, OpenAccount] }, { modules: withClash });
    await app.commands.dispatch(new OpenAccount('a-1', 'Ada'));
    expect((await post('/api/v1/commands/deposit', { accountId: 'a-1', amount: 1 })).status).toBe(200);
    expect((await post('/api/v1/commands/open-account', { accountId: 'b', owner: 'Bob' })).status).toBe(404);
  });
});
