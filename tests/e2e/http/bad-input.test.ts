import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { everyStore, serve } from './support/serve.ts';
import type { CallOptions, Served } from './support/serve.ts';
import { exchange, open } from './support/raw.ts';
import { tokenAccess } from './support/tokens.ts';

const event = {
  event_type: 'account.deposited',
  aggregate_type: 'account',
  aggregate_id: 'a-1',
  payload: { amount: 1 },
};
const postOf = (changes: object): string => JSON.stringify({ ...event, ...changes });
const sql = "'; drop table events; --";
const nested = (depth: number): string =>
  `{"event_type":"a.b","aggregate_type":"a","aggregate_id":"1","payload":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`;

/* What is posted, the status, and what the message names. */
const badPosts: readonly [string, string, number, RegExp, CallOptions?][] = [
  ['malformed JSON', '{"event_type":', 400, /JSON/],
  ['nothing', '', 400, /body|empty/i],
  ['an array', '[]', 400, /object/],
  ['a text', '"event"', 400, /object/],
  ['null', 'null', 400, /object/],
  ['no type', postOf({ event_type: undefined }), 400, /event_type/],
  ['a type without a dot', postOf({ event_type: 'opened' }), 400, /aggregate\.past_tense_verb/],
  ['a type of 201 characters', postOf({ event_type: `a.${'b'.repeat(199)}` }), 400, /event_type.*200/],
  ['a type with a NUL', postOf({ event_type: 'a.b\u0000' }), 400, /control character/],
  ['a type that reorders text', postOf({ event_type: 'a.\u202eb' }), 400, /hidden mark/],
  ['no aggregate', postOf({ aggregate_id: undefined }), 400, /aggregate_id/],
  ['a blank aggregate id', postOf({ aggregate_id: ' ' }), 400, /blank/],
  ['a number as an aggregate id', postOf({ aggregate_id: 5 }), 400, /aggregate_id must be string/],
  ['half a surrogate pair in an id', postOf({ aggregate_id: 'a\ud800' }), 400, /surrogate/],
  ['an aggregate id of 1,025 characters', postOf({ aggregate_id: 'a'.repeat(1_025) }), 400, /1024/],
  ['an aggregate type with a slash', postOf({ aggregate_type: 'a/b' }), 400, /slash/],
  ['no payload', postOf({ payload: undefined }), 400, /payload/],
  ['a payload that is a text', postOf({ payload: 'text' }), 400, /payload must be object/],
  ['a payload that is a list', postOf({ payload: [1] }), 400, /payload must be object/],
  ['payload and data', postOf({ data: {} }), 400, /another name/],
  ['NUL in a payload', postOf({ payload: { a: 'x\u0000y' } }), 400, /payload\.a/],
  ['half a surrogate pair in a payload', postOf({ payload: { a: '\udfff' } }), 400, /payload\.a/],
  ['__proto__', '{"event_type":"a.b","payload":{"__proto__":{"admin":true}}}', 400, /./],
  [
    '__proto__ written otherwise',
    '{"event_type":"a.b","payload":{"\\u005f_proto__":{"admin":true}}}',
    400,
    /./,
  ],
  ['constructor.prototype', postOf({ payload: { constructor: { prototype: { admin: true } } } }), 400, /./],
  ['a number beyond 2^53', postOf({}).replace('"amount":1', '"amount":9007199254740993'), 400, /2\^53/],
  ['a number beyond all', postOf({}).replace('"amount":1', '"amount":1e999'), 400, /Infinity/],
  ['a payload 10,000 levels deep', nested(10_000), 400, /levels deep/],
  ['a payload of more than 1 MiB', postOf({ payload: { a: 'x'.repeat(1_100_000) } }), 400, /1048576/],
  ['an unknown field', postOf({ position: 5 }), 400, /position/],
  ['version 0', postOf({ version: 0 }), 400, /version/],
  ['version 1.5', postOf({ version: 1.5 }), 400, /version/],
  ['version "1"', postOf({ version: '1' }), 400, /version/],
  ['version 2^31', postOf({ version: 2 ** 31 }), 400, /version/],
  ['expected version -1', postOf({ expected_version: -1 }), 400, /expected_version/],
  ['expected version "3"', postOf({ expected_version: '3' }), 400, /expected_version/],
  ['an unknown actor', postOf({ created_by: 'root' }), 400, /created_by/],
  ['an actor without a name', postOf({ created_by: 'user:' }), 400, /created_by/],
  ['an event id that is no uuid', postOf({ event_id: '7' }), 400, /uuid/],
  ['metadata that is a list', postOf({ metadata: [] }), 400, /metadata/],
  ['a correlation that is a number', postOf({ metadata: { correlation_id: 5 } }), 400, /correlation_id/],
  ['a batch of none', '{"events":[]}', 400, /events/],
  ['a batch that is no list', '{"events":{}}', 400, /events/],
  [
    'a batch of 10,001',
    JSON.stringify({ events: Array.from({ length: 10_001 }, () => event) }),
    400,
    /10000/,
  ],
  ['a batch with a bad event', JSON.stringify({ events: [event, {}] }), 400, /body\/events\/1/],
  [
    'a batch of one with two payloads',
    JSON.stringify({ events: [{ ...event, data: {} }] }),
    ...([400, /body\/events\/0\/data/] as const),
  ],
  [
    'a batch with a key of one event',
    JSON.stringify({ events: [{ ...event, idempotency_key: 'k' }] }),
    ...([400, /idempotency_key/] as const),
  ],
  ['a key of 256 characters', postOf({ idempotency_key: 'k'.repeat(256) }), 400, /255/],
  [
    'two different keys',
    postOf({ idempotency_key: 'k' }),
    400,
    /idempotency/,
    { headers: { 'idempotency-key': 'l' } },
  ],
  ['a weak ETag', postOf({}), 400, /if-match/, { headers: { 'if-match': 'W/"1"' } }],
  ['several ETags', postOf({}), 400, /if-match/, { headers: { 'if-match': '"1", "2"' } }],
  ['an ETag beyond 2^31', postOf({}), 400, /if-match/, { headers: { 'if-match': '"9999999999"' } }],
  [
    'an ETag and an expected version',
    postOf({ expected_version: 1 }),
    400,
    /if-match/,
    { headers: { 'if-match': '"1"' } },
  ],
  ['plain text', postOf({}), 415, /media type/i, { headers: { 'content-type': 'text/plain' } }],
  [
    'a form',
    'event_type=a.b',
    415,
    /media type/i,
    { headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  ],
  ['a content type that is none', postOf({}), 415, /media type/i, { headers: { 'content-type': 'json' } }],
];

const badQueries: readonly [string, RegExp][] = [
  ...['0', '-1', '1000000000', 'abc', '1.5', ''].map((limit): [string, RegExp] => [
    `limit=${limit}`,
    /query\/limit/,
  ]),
  ['limit=1&limit=2', /query\/limit/],
  ['offset=-1', /query\/offset/],
  ['offset=1000000000000', /query\/offset/],
  ['limit=10000&offset=1', /next_cursor/],
  ['order=sideways', /query\/order.*oldest, newest/],
  ['since=yesterday', /query\/since/],
  ['since=2026-01-31T12:00:00', /query\/since/],
  ['since=2026-13-01', /query\/since/],
  ['since=2026-02-31', /query\/since/],
  ['until=2026-02-30T12:00:00Z', /query\/until/],
  ['since=2026-02-01&until=2026-01-01', /time range is empty/],
  ['cursor=forged', /cursor/],
  ['cursor=1.000000000000', /cursor/],
  [`cursor=1&offset=1`, /offset/],
  ['created_by=root', /created_by/],
  ['created_by=system&actor=system', /another name/],
  ['aggregate_id=%00', /control character/],
  ['aggregate_id=', /blank/],
  ['unknown=1', /unknown/],
  ['processed=maybe', /processed/],
  ['__proto__=1', /./],
];

const bomb = gzipSync(Buffer.alloc(100_000_000, 0x20));

async function stillServes({ get, post }: Served): Promise<void> {
  expect((await get('/events')).body).toEqual({ events: [], next_cursor: null });
  expect((await post('/events', event)).status).toBe(201);
}

describe('Bad input', () => {
  // By name: jest would write each body into the title's candidates.
  test.each(badPosts.map(([name]) => name))('%s is refused, and nothing is stored', async name => {
    const [, body, status, message, options] = badPosts.find(each => each[0] === name)!;
    const served = await serve();
    const answer = await served.call('POST', '/events', {
      ...options,
      body,
      headers: { 'content-type': 'application/json', ...options?.headers },
    });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
    expect(answer.body.detail).toMatch(message);
    expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|\.ts:|at .*\(/);
    await stillServes(served);
  });

  test('in the parameters of a list is refused, and names the place', async () => {
    const served = await serve();
    for (const [query, message] of badQueries) {
      const { status, body } = await served.get(`/api/v1/events?${query}`);
      expect([query, status]).toEqual([query, 400]);
      expect(body.detail).toMatch(message);
    }
    await stillServes(served);
  });

  test.each(everyStore)('SQL in every parameter is a text like any other on %s', async (_name, options) => {
    const served = await serve({}, await options());
    const { get } = served;
    const text = encodeURIComponent(sql);
    for (const field of [
      'aggregate_type',
      'aggregate_id',
      'event_type',
      'correlation_id',
      'causation_id',
      'user_id',
    ]) {
      expect([field, (await get(`/events?${field}=${text}`)).body.events]).toEqual([field, []]);
      expect((await get(`/events/stats?${field}=${text}`)).body.total).toBe(0);
    }
    expect((await get(`/events?created_by=user:${text}`)).body.events).toEqual([]);
    for (const field of ['since', 'until', 'limit', 'offset', 'order', 'cursor']) {
      expect([field, (await get(`/events?${field}=${text}`)).status]).toEqual([field, 400]);
    }
    expect((await get(`/events/${text}`)).status).toBe(400);
    expect((await get(`/events/${text}/causation`)).status).toBe(400);
    expect((await get(`/events/aggregate/${text}/${text}/history`)).body.events).toEqual([]);
    expect((await get(`/events/aggregate/${text}/${text}/state`)).status).toBe(404);
    await stillServes(served);
    const odd = await served.post('/events', { ...event, aggregate_id: sql, metadata: { [sql]: sql } });
    expect(odd.body).toMatchObject({ aggregate_id: sql, metadata: { [sql]: sql } });
  });
});

describe('The protocol', () => {
  const head = (line: string, ...headers: string[]): string =>
    [line, 'Host: 127.0.0.1', ...headers, '', ''].join('\r\n');
  const json = 'Content-Type: application/json';

  test.each<[string, string | Buffer, RegExp]>([
    ['a body of 100 MiB', head('POST /events HTTP/1.1', json, 'Content-Length: 104857600'), / 413 /],
    ['headers of 64 KiB', head('GET /events HTTP/1.1', `X-Long: ${'x'.repeat(65_536)}`), / 431 /],
    ['an unknown method', head('BREW /events HTTP/1.1'), / 400 /],
    ['no protocol', 'hello\r\n\r\n', / 400 /],
    ['another version', head('GET /events HTTP/9.9'), / 400 | 505 /],
    [
      'two lengths',
      head('POST /events HTTP/1.1', json, 'Content-Length: 2', 'Content-Length: 3') + '{}',
      / 400 /,
    ],
    [
      'a length and chunks',
      `${head('POST /events HTTP/1.1', json, 'Content-Length: 2', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
      / 400 /,
    ],
    ['a line break in a header', head('GET /events HTTP/1.1', 'X-A: b\rSet-Cookie: c'), / 400 /],
    [
      'a chunk that is none',
      `${head('POST /events HTTP/1.1', json, 'Transfer-Encoding: chunked')}zz\r\n`,
      / 400 /,
    ],
    ['an address that cannot be decoded', head('GET /events/%E0%A4%A HTTP/1.1'), / 400 | 404 /],
    ['a name of somebody else', 'GET /events HTTP/1.1\r\nHost: evil.example\r\n\r\n', / 403 /],
    ['no host', 'GET /events HTTP/1.1\r\n\r\n', / 400 /],
    [
      'a zip bomb',
      Buffer.concat([
        Buffer.from(
          head('POST /events HTTP/1.1', json, 'Content-Encoding: gzip', `Content-Length: ${bomb.length}`),
        ),
        bomb,
      ]),
      / 400 | 415 /,
    ],
  ])('refuses %s', async (_name, bytes, status) => {
    const served = await serve();
    expect(await exchange(served.url, bytes)).toMatch(status);
    await stillServes(served);
  });

  test('ends requests that do not come to their end', async () => {
    const served = await serve({ limits: { requestTimeoutMs: 300 } });
    const slow = [
      'GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow:',
      `${head('POST /events HTTP/1.1', json, 'Content-Length: 100')}{"event`,
      `${head('POST /events HTTP/1.1', json, 'Transfer-Encoding: chunked')}1\r\n{\r\n`,
    ];
    for (const bytes of slow) expect(await exchange(served.url, bytes)).toMatch(/^$| 408 /);
    await stillServes(served);
  });

  test('takes no more connections than it was told', async () => {
    const served = await serve({ limits: { connections: 20 } });
    const sockets = Array.from({ length: 60 }, () => open(served.url));
    const closed = sockets.map(socket => new Promise(resolve => socket.once('close', resolve)));
    await Promise.race(closed);
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
    await stillServes(served);
  });

  test('serves one address no more often than it was told', async () => {
    const { get } = await serve({ limits: { requestsPerMinute: 3 } });
    const statuses: number[] = [];
    for (let index = 0; index < 5; index++) statuses.push((await get('/events')).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    const refused = await get('/events');
    expect(refused.body).toMatchObject({ code: 'too-many-requests', status: 429 });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test.each([
    ['bad tokens', '/events', 401],
    ['addresses that are none', '/nowhere', 404],
  ])('counts who comes with %s', async (_what, path, status) => {
    const access = path === '/events' ? tokenAccess : 'anonymous';
    const { get } = await serve({ access, limits: { requestsPerMinute: 3 } });
    const statuses: number[] = [];
    for (let index = 0; index < 5; index++) statuses.push((await get(path, 'guessed')).status);
    expect(statuses).toEqual([status, status, status, 429, 429]);
    // The page that is opened by somebody else at this address, too: it cannot be told apart.
    expect((await get('/health/live')).status).toBe(429);
  });

  test('has headers that keep browsers from making something else of the answers', async () => {
    const { get } = await serve();
    const { headers } = await get('/events');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
  });

  test('lets pages ask of the origins that it was told', async () => {
    const { call } = await serve({
      access: tokenAccess,
      corsOrigins: ['https://shop.example'],
    });
    const ask = (origin: string) =>
      call('OPTIONS', '/events', { headers: { origin, 'access-control-request-method': 'POST' } });
    expect((await ask('https://shop.example')).headers.get('access-control-allow-origin')).toBe(
      'https://shop.example',
    );
    expect((await ask('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
  });
});
