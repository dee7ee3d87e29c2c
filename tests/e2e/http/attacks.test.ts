import { describe, expect, test } from '@jest/globals';
import { exchange, open } from './support/raw.ts';
import { serve } from './support/serve.ts';
import type { Served } from './support/serve.ts';
import { tokenAccess, tokenOf } from './support/tokens.ts';

/* What bad-input.test.ts does not have: attacks on the wire, on addresses, on shapes and on texts. */

const event = { event_type: 'a.done', aggregate_type: 'a', aggregate_id: '1', payload: {} };
const json = 'Content-Type: application/json';
const head = (line: string, ...headers: string[]): string =>
  [line, 'Host: 127.0.0.1', ...headers, '', ''].join('\r\n');
const postOf = (body: string, ...headers: string[]): string =>
  head('POST /events HTTP/1.1', json, `Content-Length: ${Buffer.byteLength(body)}`, ...headers) + body;
const ofEvent = (changes: object): string => JSON.stringify({ ...event, ...changes });
const valid = ofEvent({});

const tellsTooMuch = /^(set-cookie|x-a):|node_modules|at .*\.ts/im;

async function storesNothing({ get }: Served): Promise<void> {
  expect(await get('/events')).toMatchObject({ status: 200, body: { events: [] } });
}

/* The bytes, and what the answer begins with and tells. */
const onTheWire: readonly [string, string | Buffer, RegExp][] = [
  ['a header folded over two lines', head('GET /events HTTP/1.1', 'X-A: b\r\n c'), / (200|400) /],
  ['a blank before a colon', head('GET /events HTTP/1.1', 'X-A : b'), / 400 /],
  ['a header without a name', head('GET /events HTTP/1.1', ': b'), / 400 /],
  ['a NUL in a header', head('GET /events HTTP/1.1', 'X-A: b\u0000c'), / 400 /],
  ['two hosts', head('GET /events HTTP/1.1', 'Host: evil.example'), / (400|403) /],
  ['an empty host', 'GET /events HTTP/1.1\r\nHost: \r\n\r\n', / (400|403) /],
  ['a tunnel', head('CONNECT evil.example:443 HTTP/1.1'), /^$| 40\d /],
  ['a trace', head('TRACE /events HTTP/1.1'), / 404 /],
  ['a method that the address does not have', head('DELETE /events HTTP/1.1'), / 404 /],
  ['a method in small letters', head('get /events HTTP/1.1'), / 400 /],
  ['an address of 32 KiB', head(`GET /events?cursor=${'x'.repeat(32_768)} HTTP/1.1`), / 431 /],
  ['6,000 headers', head('GET /events HTTP/1.1', ...Array.from({ length: 6_000 }, () => 'X-A: b')), / 431 /],
  ['a negative length', head('POST /events HTTP/1.1', json, 'Content-Length: -1'), / 400 /],
  ['a length that is no number', head('POST /events HTTP/1.1', json, 'Content-Length: 1e3'), / 400 /],
  [
    'a length beyond all',
    head('POST /events HTTP/1.1', json, 'Content-Length: 99999999999999999999999'),
    / (400|413) /,
  ],
  ['more than the length says', postOf('{}').replace('Length: 2', 'Length: 1'), / 400 /],
  [
    'a body that is zipped and chunked',
    head('POST /events HTTP/1.1', json, 'Transfer-Encoding: gzip'),
    / 400 /,
  ],
  [
    'a chunk of 2^68 bytes',
    `${head('POST /events HTTP/1.1', json, 'Transfer-Encoding: chunked')}100000000000000000\r\n`,
    / (400|413) /,
  ],
  [
    'chunks of more than the limit',
    `${head('POST /events HTTP/1.1', json, 'Transfer-Encoding: chunked')}20000\r\n${' '.repeat(0x2_0000)}\r\n0\r\n\r\n`,
    / 413 /,
  ],
  ['an expectation of what is not', postOf(valid, 'Expect: miracles'), / 417 /],
  ['two content types', postOf(valid, 'Content-Type: text/plain'), / (201|400|415) /],
  ['two idempotency keys', postOf(valid, 'Idempotency-Key: a', 'Idempotency-Key: b'), / 400 .*repeated/s],
  ['two correlations', postOf(valid, 'Correlation-Id: a', 'Correlation-Id: b'), / 400 .*repeated/s],
  ['a request after a refused one', `${postOf('[]')}${head('GET /events HTTP/1.1')}`, / 400 /],
  ['an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', / 400 |^$/],
  ['a TLS greeting', Buffer.from('160301020001000001fc0303', 'hex'), / 400 |^$/],
  [
    'bytes that are no UTF-8',
    Buffer.concat([
      Buffer.from(postOf(ofEvent({ payload: { text: '??' } })).replace(/\?\?.*$/s, '')),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('"}}'),
    ]),
    / 400 .*UTF-8/s,
  ],
  [
    'UTF-16',
    Buffer.concat([
      Buffer.from(head('POST /events HTTP/1.1', json, `Content-Length: ${2 * valid.length}`)),
      Buffer.from(valid, 'utf16le'),
    ]),
    / 400 /,
  ],
];

/* The path, and the status it is answered with. */
const addresses: readonly [string, number][] = [
  ['/events/../../etc/passwd', 404],
  ['/events/..%2f..%2fetc%2fpasswd', 400],
  ['/events/%00', 400],
  ['/events/%0d%0aSet-Cookie:%20a=b', 400],
  ['/events/__proto__', 400],
  ['/events/constructor', 400],
  [`/events/${'a'.repeat(5_000)}`, 414],
  ['/events/aggregate/a/%0d%0aX-A:b/history', 400],
  ['/events/aggregate/a/%E2%80%AEb/history', 400],
  ['/events/aggregate/__proto__/constructor/state', 404],
  ['/events/aggregate/account/a/state?version=0', 400],
  ['/events/aggregate/account/a/state?version=-1', 400],
  ['/events/aggregate/account/a/state?version=1.5', 400],
  ['/events/aggregate/account/a/state?version=2147483648', 400],
  ['/events/aggregate/account/a/state?version=three', 400],
  ['/events/aggregate/account/a/state?at=never', 400],
  ['/events/aggregate/account/a/state?at=2026-01-01&version=1', 400],
  ['/events/aggregate/a/b/history?limit=0', 400],
  ['/events/aggregate/a/b/history?aggregate_id=c', 400],
  ['/events/stats?limit=5', 400],
  ['/events?limit[]=5', 400],
  ['/events?limit[gt]=5', 400],
  ['/events?event_type=a.b&event_type=c.d', 400],
  ['/events?constructor[prototype][admin]=1', 400],
  ['/events?limit=%zz', 400],
  ['/events?limit=1e3&limit=', 400],
  ['/events?since=9999999-01-01', 400],
  ['/events?since=2026-01-01T00:00:00%2B99:99', 400],
  ['/events?cursor=../../x', 400],
  ['/api/v1/stream?from=9999999999999999', 400],
  ['/health/live?verbose=1', 400],
];

const inBodies: readonly [string, string, RegExp, number?][] = [
  [
    'a list of a million',
    ofEvent({ payload: { list: Array.from({ length: 1_000_000 }, () => 1) } }),
    /1048576/,
  ],
  ['a payload one byte too long', ofEvent({ payload: { a: 'x'.repeat(1_048_576 - 7) } }), /1048576/],
  ['metadata of more than 1 MiB', ofEvent({ metadata: { a: 'x'.repeat(1_100_000) } }), /1048576|metadata/],
  [
    'metadata 10,000 levels deep',
    valid.replace('{}', `{},"metadata":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`),
    /deep/,
  ],
  ['lists 100,000 levels deep', '['.repeat(100_000), /JSON/],
  [
    'a list of lists 50,000 levels deep',
    valid.replace('{}', `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`),
    /deep/,
  ],
  ['a comment', '/* hello */ {}', /JSON/],
  ['a trailing comma', '{"events":[],}', /JSON/],
  ['two values', `${valid}${valid}`, /JSON/],
  ['NaN', '{"payload":NaN}', /JSON/],
  ['a NUL in metadata', ofEvent({ metadata: { a: '\u0000' } }), /metadata/],
  ['a NUL in a name', ofEvent({ payload: { 'a\u0000': 1 } }), /payload/],
  ['half a surrogate pair in a name', ofEvent({ payload: { '\ud800': 1 } }), /payload/],
  ['a line break in an id', ofEvent({ aggregate_id: 'a\r\nSet-Cookie: b' }), /control character/],
  ['an invisible mark in an id', ofEvent({ aggregate_id: 'a\u200bb' }), /hidden mark/],
  [
    'text that runs backwards in an actor',
    ofEvent({ created_by: 'user:\u202eada' }),
    /hidden mark|created_by/,
  ],
  ['a NUL in a correlation', ofEvent({ correlation_id: '\u0000' }), /control character/],
  ['a blank user', ofEvent({ user_id: ' ' }), /blank|user/],
  ['a key that is a list', ofEvent({ idempotency_key: ['a'] }), /idempotency_key/],
  ['a NUL in a key', ofEvent({ idempotency_key: 'a\u0000' }), /control character/],
  ['a version beyond 2^15', ofEvent({ version: 32_768 }), /version/],
  ['a causation that is a list', ofEvent({ metadata: { causation_id: [] } }), /causation_id/],
  [
    'the same event twice in a batch',
    JSON.stringify({
      events: [1, 2].map(() => ({ ...event, event_id: '0198c2a4-7d7e-7000-8000-000000000001' })),
    }),
    /twice|0198c2a4/,
    409,
  ],
  ['a batch inside of a batch', JSON.stringify({ events: [{ events: [event] }] }), /events/],
  ['a batch with fields of an event', JSON.stringify({ ...event, events: [event] }), /body/],
  [
    'a name that is there twice',
    `{"event_type":"a.b","event_type":"__proto__","aggregate_type":"a","aggregate_id":"1","payload":{}}`,
    /event_type|aggregate\.past_tense/,
  ],
];

describe('Attacks', () => {
  test('on the wire are refused, store nothing, and leave the others alone', async () => {
    const served = await serve({ limits: { bodyBytes: 100_000 } });
    const surprises: [string, string][] = [];
    for (const [name, bytes, answered] of onTheWire) {
      const answer = await exchange(served.url, bytes);
      if (!answered.test(answer) || tellsTooMuch.test(answer)) surprises.push([name, answer.slice(0, 2_000)]);
      await storesNothing(served);
    }
    expect(surprises).toEqual([]);
  });

  test('on addresses are refused, and store nothing', async () => {
    const served = await serve();
    const surprises: [string, string][] = [];
    for (const [path, status] of addresses) {
      // As it is; fetch would put it in order first.
      const answer = await exchange(served.url, head(`GET ${path} HTTP/1.1`));
      const isRefused =
        answer.startsWith(`HTTP/1.1 ${status} `) && answer.includes('application/problem+json');
      if (!isRefused || tellsTooMuch.test(answer))
        surprises.push([path.slice(0, 100), answer.slice(0, 2_000)]);
    }
    expect(surprises).toEqual([]);
    await storesNothing(served);
  });

  test('in bodies are refused with the place, and store nothing', async () => {
    const served = await serve();
    const surprises: unknown[] = [];
    for (const [name, body, message, status = 400] of inBodies) {
      const answer = await served.post('/events', body);
      if (answer.status !== status || !message.test(answer.body.detail)) surprises.push([name, answer.body]);
      await storesNothing(served);
    }
    expect(surprises).toEqual([]);
  });

  test('by lines that are half open or cut leave nothing behind', async () => {
    const served = await serve({ limits: { connections: 40 } });
    for (const cut of ['end', 'resetAndDestroy'] as const) {
      const sockets = Array.from({ length: 30 }, () => open(served.url));
      const closed = sockets.map(socket => new Promise(resolve => socket.once('close', resolve)));
      for (const socket of sockets) {
        socket.resume();
        socket.write(postOf(valid).slice(0, -5), () => socket[cut]());
      }
      await Promise.all(closed);
    }
    // More than there may be connections have come and gone.
    await storesNothing(served);
  });

  test('by a key of somebody else’s request are answered with neither request', async () => {
    const served = await serve({ access: tokenAccess });
    const token = await tokenOf('ada', ['writer']);
    const headers = { 'idempotency-key': 'k' };
    expect((await served.post('/events', event, { token, headers })).status).toBe(201);
    const other = { ...event, payload: { other: true } };
    expect(await served.post('/events', other, { token, headers })).toMatchObject({ status: 409 });
    expect((await served.get('/events', token)).body.events).toHaveLength(1);
    const both = { headers: { authorization: `Bearer ${token}, Bearer x` } };
    expect(await served.call('GET', '/events', both)).toMatchObject({ status: 401 });
    expect(await served.call('GET', `/events?access_token=${token}`)).toMatchObject({ status: 401 });
  });
});
