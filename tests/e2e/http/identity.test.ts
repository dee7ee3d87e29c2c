import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { SignJWT, exportJWK, exportSPKI, generateKeyPair } from 'jose';
import { silentLogger } from 'annals/di';
import { serveHttp } from 'annals/http';
import type { TokenAccess } from 'annals/http';
import { followEvents } from 'annals/http/client';
import { eventually } from '../../support/eventually.ts';
import { serve } from './support/serve.ts';
import type { Json } from './support/serve.ts';
import type { Served } from './support/serve.ts';
import { inAnHour, secret, tokenAccess, tokenOf } from './support/tokens.ts';

const withTokens = (): Promise<Served> => serve({ access: tokenAccess });
const event = {
  event_type: 'account.deposited',
  aggregate_type: 'account',
  aggregate_id: 'a-1',
  payload: { amount: 1 },
};
const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('A token', () => {
  const claims = (): object => ({
    ...{ sub: 'ada', roles: ['admin'], exp: inAnHour() },
    ...{ iss: tokenAccess.issuer, aud: tokenAccess.audience },
  });
  const hourAgo = Math.floor(Date.now() / 1000) - 3_600;

  test.each<[string, () => string | Promise<string>]>([
    ['of nobody', () => ''],
    ['that is none', () => 'nonsense'],
    ['without a signature', () => `${base64({ alg: 'none' })}.${base64(claims())}.`],
    ['of an algorithm in other letters', () => `${base64({ alg: 'nOnE' })}.${base64(claims())}.`],
    ['that has expired', () => tokenOf('ada', ['admin'], { exp: hourAgo })],
    ['that is not valid yet', () => tokenOf('ada', ['admin'], { nbf: inAnHour() })],
    ['that never expires', () => tokenOf('ada', ['admin'], { exp: undefined as never })],
    ['of another issuer', () => tokenOf('ada', ['admin'], { iss: 'https://evil.example' })],
    ['for another audience', () => tokenOf('ada', ['admin'], { aud: 'billing' })],
    ['without a user', () => tokenOf('', ['admin'])],
    ['with a blank user', () => tokenOf('  ', ['admin'])],
    ['with a user of 201 characters', () => tokenOf('u'.repeat(201), ['admin'])],
    [
      'with another signature',
      async () => (await tokenOf('ada', ['admin'])).replace(/\.[^.]*$/, `.${base64({ forged: true })}`),
    ],
    [
      'with a changed claim',
      async () => {
        const [head, , signature] = (await tokenOf('ada', ['reader'])).split('.');
        return `${head!}.${base64(claims())}.${signature!}`;
      },
    ],
    [
      'of a longer algorithm',
      () =>
        new SignJWT({ ...claims() }).setProtectedHeader({ alg: 'HS512' }).sign(Buffer.from(secret.repeat(2))),
    ],
  ])('%s opens nothing', async (_name, makeToken) => {
    const { get, post } = await withTokens();
    const token = await makeToken();
    for (const answer of [await get('/events', token), await post('/events', event, { token })]) {
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(answer.body.detail).not.toMatch(/signature|expired|audience|issuer/i);
    }
  });

  test('that expired within the clock skew is taken', async () => {
    const { get } = await withTokens();
    const justNow = Math.floor(Date.now() / 1000) - 5;
    expect((await get('/events', await tokenOf('ada', ['reader'], { exp: justNow }))).status).toBe(200);
  });

  test.each([[[]], [['root']], [undefined], [{ admin: true }], [['READER']]])(
    'with the roles %j may do nothing',
    async roles => {
      const { get } = await withTokens();
      expect(await get('/events', await tokenOf('ada', roles))).toMatchObject({ status: 403 });
    },
  );

  test('carries the roles in the claim that was agreed on', async () => {
    const { get } = await serve({ access: { ...tokenAccess, rolesClaim: 'https://a.example/roles' } });
    const token = await tokenOf('ada', undefined, { 'https://a.example/roles': 'reader other' });
    expect((await get('/events', token)).status).toBe(200);
    expect((await get('/events', await tokenOf('ada', ['admin']))).status).toBe(403);
  });
});

describe('Tokens signed by keys', () => {
  async function keyServer(): Promise<{
    access: TokenAccess;
    sign: (alg: 'RS256' | 'ES256', kid: string) => Promise<string>;
    publicKey: string;
    close(): void;
  }> {
    const rsa = await generateKeyPair('RS256');
    const ec = await generateKeyPair('ES256');
    const keys = [
      { ...(await exportJWK(rsa.publicKey)), kid: 'rsa', alg: 'RS256' },
      { ...(await exportJWK(ec.publicKey)), kid: 'ec', alg: 'ES256' },
    ];
    const server = createServer((_request, response) => response.end(JSON.stringify({ keys })));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const sign = (alg: 'RS256' | 'ES256', kid: string): Promise<string> =>
      new SignJWT({ sub: 'ada', roles: ['reader'], exp: inAnHour() })
        .setProtectedHeader({ alg, kid })
        .setIssuer(tokenAccess.issuer)
        .setAudience(tokenAccess.audience)
        .sign(alg === 'RS256' ? rsa.privateKey : ec.privateKey);
    const access = {
      ...{
        jwksUrl: `http://127.0.0.1:${port}/keys`,
        issuer: tokenAccess.issuer,
        audience: tokenAccess.audience,
      },
    };
    return { access, sign, publicKey: await exportSPKI(rsa.publicKey), close: () => server.close() };
  }

  test('are taken, and no others', async () => {
    const keys = await keyServer();
    const { get } = await serve({ access: keys.access });
    expect((await get('/events', await keys.sign('RS256', 'rsa'))).status).toBe(200);
    expect((await get('/events', await keys.sign('ES256', 'ec'))).status).toBe(200);
    expect((await get('/events', await keys.sign('RS256', 'unknown'))).status).toBe(401);
    expect((await get('/events', await keys.sign('ES256', 'rsa'))).status).toBe(401);
    // The public key is known to all: as a shared secret it would let anybody in.
    const pem = Buffer.from(keys.publicKey);
    const forged = await new SignJWT({ sub: 'ada', roles: ['admin'], exp: inAnHour() })
      .setProtectedHeader({ alg: 'HS256', kid: 'rsa' })
      .setIssuer(tokenAccess.issuer)
      .setAudience(tokenAccess.audience)
      .sign(pem);
    expect((await get('/events', forged)).status).toBe(401);
    keys.close();
  });
});

describe('A server of keys that does not answer', () => {
  test.each([
    ['fails', 500, 'down'],
    ['says something else', 200, '<html>Sign in</html>'],
  ])('and %s has tokens asked for again later, not thrown away', async (_what, status, answer) => {
    const rsa = await generateKeyPair('RS256');
    const keys = [{ ...(await exportJWK(rsa.publicKey)), kid: 'rsa', alg: 'RS256' }];
    let isDown = true;
    const server = createServer((_request, response) =>
      isDown
        ? response.writeHead(status).end(answer)
        : response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys })),
    );
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { issuer, audience } = tokenAccess;
    const access = { jwksUrl: `http://127.0.0.1:${port}/keys`, issuer, audience };
    const errors: unknown[] = [];
    const logger = { ...silentLogger, error: (_text: string, facts: unknown) => errors.push(facts) };
    const served = await serve({ access }, { logger });
    const token = await new SignJWT({ sub: 'ada', roles: ['operator'], exp: inAnHour() })
      .setProtectedHeader({ alg: 'RS256', kid: 'rsa' })
      .setIssuer(issuer)
      .setAudience(audience)
      .sign(rsa.privateKey);
    const refused = await served.get('/events', token);
    expect(refused).toMatchObject({ status: 503, body: { code: 'keys-unavailable' } });
    expect(JSON.stringify(refused.body)).not.toContain(String(port));
    expect(errors).toEqual([{ method: 'GET', route: '/events', error: expect.any(Error) }]);

    const stop = new AbortController();
    const following = followEvents(served.url, { token: () => token, from: 'start', signal: stop.signal });
    const first = following.next();
    await eventually('it has asked in vain', async () => errors.length > 1);
    isDown = false;
    expect((await served.post('/events', event, { token })).status).toBe(201);
    expect((await first).value).toMatchObject({ event_type: event.event_type });
    stop.abort();
    await following.return();
    await new Promise(resolve => server.close(resolve));
  });
});

describe('Roles', () => {
  test('include those before them, and a reader stores nothing', async () => {
    const { get, post } = await withTokens();
    const post201 = async (role: string): Promise<number> =>
      (await post('/events', { ...event, aggregate_id: role }, { token: await tokenOf(role, [role]) }))
        .status;
    expect(await post201('reader')).toBe(403);
    for (const role of ['writer', 'operator', 'admin']) expect(await post201(role)).toBe(201);
    const admin = await tokenOf('root', ['reader', 'admin']);
    expect((await get('/events', admin)).body.events).toHaveLength(3);
  });
});

describe('A user', () => {
  const staff = (): Promise<string> => tokenOf('olga', ['operator']);
  const ada = (): Promise<string> => tokenOf('ada', ['writer']);
  const eve = (): Promise<string> => tokenOf('eve', ['writer']);

  async function withAdasAccount(): Promise<Served & { readonly adas: Json }> {
    const served = await withTokens();
    const opened = {
      ...event,
      event_type: 'account.opened',
      payload: { owner: 'Ada' },
      correlation_id: 'c-1',
    };
    const { body } = await served.post('/events', opened, { token: await ada() });
    return { ...served, adas: body };
  }

  test('sees nothing of another user, on any path', async () => {
    const { get, adas } = await withAdasAccount();
    const token = await eve();
    expect((await get('/events', token)).body.events).toEqual([]);
    for (const query of [
      'aggregate_id=a-1',
      'correlation_id=c-1',
      'created_by=user:ada',
      'order=newest&offset=0',
    ]) {
      expect((await get(`/events?${query}`, token)).body.events).toEqual([]);
    }
    expect((await get('/events?user_id=ada', token)).status).toBe(403);
    expect((await get('/events/stats', token)).body).toEqual({ total: 0, by_type: {} });
    expect((await get('/events/stats?user_id=ada', token)).status).toBe(403);
    expect((await get('/events/types', token)).body).toEqual({ types: [] });
    for (const path of [
      `/events/${adas.id}`,
      `/events/${adas.id}/causation`,
      '/events/aggregate/account/a-1/state',
    ]) {
      expect((await get(path, token)).status).toBe(404);
    }
    const history = await get('/events/aggregate/account/a-1/history', token);
    expect(history.body.events).toEqual([]);
    expect(history.headers.get('etag')).toBeNull();
  });

  test('sees what is their own, and staff see all', async () => {
    const { get, adas } = await withAdasAccount();
    for (const token of [await ada(), await staff()]) {
      expect((await get('/events', token)).body.events).toEqual([adas]);
      expect((await get('/events?user_id=ada', token)).body.events).toEqual([adas]);
      expect((await get('/events/stats', token)).body.total).toBe(1);
      expect((await get(`/events/${adas.id}`, token)).body).toEqual(adas);
      expect((await get(`/events/${adas.id}/causation`, token)).body.roots).toHaveLength(1);
      expect((await get('/events/aggregate/account/a-1/state', token)).body.version).toBe(1);
      const history = await get('/events/aggregate/account/a-1/history', token);
      expect(history.body.events).toEqual([adas]);
      expect(history.headers.get('etag')).toBe('"1"');
    }
  });

  test('appends to their own aggregates and to new ones only', async () => {
    const { get, post } = await withAdasAccount();
    const refused = await post('/events', event, { token: await eve() });
    expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    const batch = { events: [{ ...event, aggregate_id: 'eves' }, event] };
    expect((await post('/events', batch, { token: await eve() })).status).toBe(403);
    expect((await post('/events', event, { token: await ada() })).body.stream_version).toBe(2);
    expect((await post('/events', event, { token: await staff() })).body.stream_version).toBe(3);
    // Part of its events are somebody else's now, and the state would tell of them.
    expect((await get('/events/aggregate/account/a-1/state', await ada())).status).toBe(404);
    expect((await get('/events/aggregate/account/a-1/state?version=2', await ada())).status).toBe(200);
    const own = (await get('/events/aggregate/account/a-1/history', await ada())).body.events;
    expect(own.map((each: Json) => each.stream_version)).toEqual([1, 2]);
    const mixed = { events: [{ ...event, aggregate_id: 'new' }, event, { ...event, aggregate_id: 'new' }] };
    expect((await post('/events', mixed, { token: await ada() })).status).toBe(201);
  });

  test('races for a new aggregate, and one of them gets it', async () => {
    const { post, get } = await withTokens();
    const users = await Promise.all(
      Array.from({ length: 8 }, (_each, index) => tokenOf(`user-${index}`, ['writer'])),
    );
    const answers = await Promise.all(users.map(token => post('/events', event, { token })));
    expect(answers.map(({ status }) => status).sort()).toEqual([
      201,
      ...Array.from({ length: 7 }, () => 403),
    ]);
    expect((await get('/events', await staff())).body.events).toHaveLength(1);
  });

  test.each([
    [{ created_by: 'system' }],
    [{ created_by: 'agent:planner' }],
    [{ created_by: 'user:ada' }],
    [{ user_id: 'ada' }],
  ])('cannot claim %j', async claim => {
    const { post, get } = await withTokens();
    const answer = await post('/events', { ...event, ...claim }, { token: await eve() });
    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await get('/events', await staff())).body.events).toEqual([]);
    const asStaff = await post('/events', { ...event, ...claim }, { token: await staff() });
    expect(asStaff).toMatchObject({ status: 201, body: claim });
  });

  test.each([[{ role: 'admin' }], [{ roles: ['admin'] }], [{ sees_all: true }], [{ identity: {} }]])(
    'cannot add %j to an event',
    async claim => {
      const { post } = await withTokens();
      const answer = await post('/events', { ...event, ...claim }, { token: await eve() });
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
    },
  );

  test('has idempotency keys of their own', async () => {
    const { post, get } = await withAdasAccount();
    const eves = { ...event, aggregate_id: 'eves', idempotency_key: 'k' };
    expect((await post('/events', { ...event, idempotency_key: 'k' }, { token: await ada() })).status).toBe(
      201,
    );
    expect((await post('/events', eves, { token: await eve() })).status).toBe(201);
    expect((await post('/events', eves, { token: await eve() })).status).toBe(200);
    expect((await get('/events', await eve())).body.events).toHaveLength(1);
    const longest = { ...event, aggregate_id: 'longs', idempotency_key: 'k'.repeat(255) };
    const token = await tokenOf('u'.repeat(200), ['writer']);
    expect((await post('/events', longest, { token })).status).toBe(201);
    expect((await post('/events', longest, { token })).status).toBe(200);
  });

  test('sees of a tree of causes what is their own', async () => {
    const { post, get, adas } = await withAdasAccount();
    const caused = { ...event, correlation_id: 'c-1' };
    const hidden = { ...caused, aggregate_id: 's-1', causation_id: adas.id };
    const between = (await post('/events', hidden, { token: await staff() })).body;
    const leaf = { ...caused, causation_id: between.id };
    const last = (await post('/events', leaf, { token: await ada() })).body;
    const tree = (await get(`/events/${last.id}/causation`, await ada())).body;
    expect(tree.ancestors).toEqual([adas]);
    expect(tree.roots).toEqual([{ event: adas, children: [{ event: last, children: [] }] }]);
    expect((await get(`/events/${last.id}/causation`, await staff())).body.ancestors).toEqual([
      adas,
      between,
    ]);
  });
});

describe('Without tokens', () => {
  test.each(['0.0.0.0', '::', '192.0.2.1', 'example.com'])('%s is not served', async host => {
    const { app } = await serve();
    await expect(serveHttp(app, { access: 'anonymous', host, port: 0 })).rejects.toMatchObject({
      code: 'invalid-http-options',
    });
  });

  test.each([
    [{ origin: 'https://evil.example' }],
    [{ origin: 'null' }],
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
  ])('a page of another site, seen by %j, is not served', async headers => {
    const { call, post, get } = await serve();
    expect((await post('/events', event, { headers: headers })).status).toBe(403);
    expect((await call('GET', '/events', { headers: headers })).status).toBe(403);
    expect((await get('/events')).body.events).toEqual([]);
  });
});

describe('Options that are unsafe', () => {
  const rules = { issuer: 'i', audience: 'a' };
  test.each<[string, TokenAccess]>([
    ['a short secret', { ...rules, secret: 'short' }],
    ['keys over an open line', { ...rules, jwksUrl: 'http://keys.example/jwks' }],
    ['no address of keys', { ...rules, jwksUrl: 'keys' }],
    ['no issuer', { ...rules, issuer: '', secret }],
    ['no audience', { issuer: 'i', secret } as never],
    ['neither secret nor keys', rules as never],
    ['both', { ...rules, secret, jwksUrl: 'https://keys.example' }],
  ])('are refused: %s', async (_name, access) => {
    const { app } = await serve();
    const error: unknown = await serveHttp(app, { access, port: 0 }).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: 'invalid-http-options' });
    expect((error as Error).message).not.toContain(secret);
  });
});
