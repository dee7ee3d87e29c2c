import { describe, expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { exchange, open, startCuttingProxy } from './support/raw.ts';
import { everyStore, serve as serveAny } from './support/serve.ts';
import type { Json, Served } from './support/serve.ts';
import { messageOf, openSocket, refusalOf } from './support/sockets.ts';
import { tokenAccess, tokenOf } from './support/tokens.ts';

const event = (amount: number, id = 'a-1') => ({
  event_type: 'account.deposited',
  aggregate_type: 'account',
  aggregate_id: id,
  payload: { amount },
});
const postMany = ({ post }: Served, amounts: readonly number[]) =>
  post('/events', { events: amounts.map(amount => event(amount)) });
const amountsOf = (events: readonly Json[]): number[] => events.map(({ payload }) => payload.amount);
const serve: typeof serveAny = (options, appOptions) =>
  serveAny({ webSockets: true, ...options }, appOptions);
const handshake = (...headers: string[]): string =>
  [
    'GET /api/v1/ws?from=start HTTP/1.1',
    ...['Host: 127.0.0.1', 'Connection: Upgrade', 'Upgrade: websocket'],
    ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='],
    ...headers,
    ...['', ''],
  ].join('\r\n');

describe.each(everyStore)('A WebSocket on %s', (_name, options) => {
  test('begins where it is told, goes on as events come, and gives what is asked for', async () => {
    const served = await serve({}, await options());
    await served.post('/events', { ...event(0, 'other'), aggregate_type: 'other', event_type: 'other.done' });
    await postMany(served, [1, 2, 3]);
    const all = openSocket(served.url, 'from=start');
    expect(await all.events(4)).toEqual((await served.get('/events')).body.events);
    const second = (await all.events(4))[1].event_number as number;
    const accounts = openSocket(served.url, 'from=start&aggregate_type=account');
    const rest = openSocket(served.url, `from=${second}`);
    const known = openSocket(served.url, 'from=start', { headers: { 'last-event-id': String(second) } });
    expect(amountsOf(await accounts.events(3))).toEqual([1, 2, 3]);
    await postMany(served, [4]);
    expect(amountsOf(await rest.events(3))).toEqual([2, 3, 4]);
    expect(amountsOf(await known.events(3))).toEqual([2, 3, 4]);
    expect(rest.messages[0]).toEqual({ event_number: second });
    expect(amountsOf(await accounts.events(4))).toEqual([1, 2, 3, 4]);
  });
});

describe('A WebSocket', () => {
  test('loses nothing and doubles nothing, however often its connection is cut', async () => {
    const served = await serve();
    await using proxy = await startCuttingProxy(served.url);
    const amounts = Array.from({ length: 200 }, (_each, index) => index);
    const seen: number[] = [];
    const following = (async () => {
      for (let from: string | number = 'start'; seen.length < amounts.length;) {
        const { socket, closed } = openSocket(proxy.url, `from=${from}`);
        socket.on('message', data => {
          const message: Json = messageOf(data);
          from = message.event_number ?? message.event.event_number;
          if (message.event === undefined) return;
          seen.push(message.event.payload.amount);
          // In the middle of each batch, while the rest of it is on its way.
          if (seen.length % 20 === 7) proxy.cut();
          if (seen.length === amounts.length) socket.close();
        });
        await closed;
      }
    })();
    for (let index = 0; index < amounts.length; index += 20) {
      await postMany(served, amounts.slice(index, index + 20));
      await eventually('the batch has come', async () => seen.length >= index + 20);
    }
    await following;
    expect(seen).toEqual(amounts);
    expect(proxy.count()).toBeGreaterThan(5);
  });

  test('beats while nothing comes: a ping, and the position for pages, which see no pings', async () => {
    const served = await serve({ limits: { heartBeatMs: 20 } });
    const { socket, messages } = openSocket(served.url, 'from=start');
    await new Promise(resolve => socket.once('ping', resolve));
    await eventually('the position came again', async () => messages.length >= 3);
    expect(messages.slice(0, 3)).toEqual(Array.from({ length: 3 }, () => ({ event_number: 0 })));
    socket.close();
  });

  test('whose other side is gone without a word is ended', async () => {
    const served = await serve({ limits: { heartBeatMs: 20, liveStreamsPerClient: 1 } });
    const silent = open(served.url);
    silent.write(handshake());
    await new Promise(resolve => silent.once('data', resolve));
    // Reads what comes and answers no ping, like a line whose end is gone.
    silent.resume();
    await new Promise(resolve => silent.once('close', resolve));
    expect((await served.get('/health/live')).status).toBe(200);
    await eventually('there is room again', async () => {
      const { closed, events, socket } = openSocket(served.url, 'from=start');
      await served.post('/events', event(1));
      const came = await Promise.race([
        closed.then(() => false),
        events(1).then(
          () => true,
          () => false,
        ),
      ]);
      socket.terminate();
      return came;
    });
  });

  test('of a reader that does not read holds up nobody', async () => {
    const served = await serve();
    const slow = open(served.url);
    slow.pause();
    slow.write(handshake());
    const large = Array.from({ length: 20 }, () => ({
      ...event(1),
      payload: { amount: 1, text: 'x'.repeat(300_000) },
    }));
    for (let round = 0; round < 3; round++) await served.post('/events', { events: large });
    const fast = openSocket(served.url, 'from=start');
    expect(await fast.events(60)).toHaveLength(60);
    slow.destroy();
    fast.socket.close();
  });

  test('takes part in the bound for each client and for all, together with event streams', async () => {
    const served = await serve({ limits: { liveStreamsPerClient: 2 } });
    const stream = open(served.url);
    stream.write('GET /api/v1/stream?from=start HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    await new Promise(resolve => stream.once('data', resolve));
    const { socket } = openSocket(served.url, 'from=start');
    await new Promise(resolve => socket.once('message', resolve));
    const full = { status: 429, body: { code: 'too-many-streams' } };
    expect(await refusalOf(served.url, 'from=start')).toMatchObject(full);
    expect(await served.get('/api/v1/stream')).toMatchObject(full);
    socket.close();
    await eventually('there is room again', async () => {
      const answer = await exchange(served.url, handshake());
      return answer.includes(' 101 ');
    });
    stream.destroy();
  });

  test('ends with 1001 when the server closes, which does not wait for those who do not answer', async () => {
    const served = await serve();
    const { socket, closed } = openSocket(served.url, 'from=start');
    await new Promise(resolve => socket.once('message', resolve));
    const silent = open(served.url);
    silent.write(handshake());
    await new Promise(resolve => silent.once('data', resolve));
    silent.resume();
    await served.server.close();
    expect(await closed).toEqual({ code: 1001, reason: 'The server closes.' });
  });

  test('takes nothing, and closes on who sends something', async () => {
    const served = await serve();
    const { socket, closed } = openSocket(served.url, 'from=start');
    socket.once('open', () => socket.send('{"subscribe":"everything"}'));
    expect(await closed).toMatchObject({ code: 1003 });
    const long = openSocket(served.url, 'from=start');
    long.socket.once('open', () => long.socket.send('x'.repeat(2_000)));
    expect(await long.closed).toMatchObject({ code: 1009 });
    expect((await served.post('/events', event(1))).status).toBe(201);
  });

  test.each(['from=never', 'from=-1', 'since=2026-01-01', 'from='])('is refused for %s', async query => {
    const { url } = await serve();
    expect(await refusalOf(url, query)).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
  });

  test.each([
    ['no key', handshake().replace(/Sec-WebSocket-Key.*\r\n/, ''), / 400 /],
    ['another version', handshake().replace('Version: 13', 'Version: 7'), / 400 | 426 /],
    ['another address', handshake().replace('/api/v1/ws', '/nowhere'), / 404 /],
    ['another host', handshake().replace('127.0.0.1', 'evil.example'), / 403 /],
  ])('is refused for %s', async (_name, request, status) => {
    const served = await serve({ limits: { liveStreamsPerClient: 1 } });
    expect(await exchange(served.url, request)).toMatch(status);
    await eventually('there is room again', async () =>
      (await exchange(served.url, handshake())).includes(' 101 '),
    );
  });

  test('is asked for where no other protocol is spoken', async () => {
    const { get } = await serve();
    const answer = await get('/api/v1/ws');
    expect(answer).toMatchObject({ status: 426, body: { code: 'upgrade-required' } });
    expect(answer.headers.get('upgrade')).toBe('websocket');
  });

  test('is not there unless it was asked for', async () => {
    const { url, get } = await serveAny();
    expect((await get('/api/v1/ws')).status).toBe(404);
    expect(await exchange(url, handshake())).toMatch(/ 404 /);
  });

  test('leaves requests alone that offer another protocol', async () => {
    const { url, get } = await serve();
    const body = JSON.stringify(event(1));
    const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk';
    const post = (text: string): string =>
      `POST /events HTTP/1.1\r\nHost: 127.0.0.1\r\n${offer}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${text}`;
    expect(await exchange(url, post(body))).toMatch(/ 201 /);
    const inTwo = open(url);
    inTwo.write(post(body.slice(0, 5)));
    inTwo.write(body.slice(5));
    expect(String(await new Promise(resolve => inTwo.once('data', resolve)))).toMatch(/ 201 /);
    inTwo.destroy();
    expect((await get('/events')).body.events).toHaveLength(2);
  });
});

describe('Who opens a WebSocket', () => {
  const withTokens = (options = {}) => serve({ access: tokenAccess, ...options });
  const bearer = (token: string) => ({ protocols: ['annals.v1', `annals.bearer.${token}`] });

  test('sends a token as a sub-protocol or as a header, and sees their own events', async () => {
    const served = await withTokens();
    const ada = await tokenOf('ada', ['writer']);
    const eve = await tokenOf('eve', ['writer']);
    await served.post('/events', event(1, 'adas'), { token: ada });
    await served.post('/events', event(2, 'eves'), { token: eve });
    const byProtocol = openSocket(served.url, 'from=start', bearer(eve));
    const byHeader = openSocket(served.url, 'from=start', { headers: { authorization: `Bearer ${eve}` } });
    const staff = openSocket(served.url, 'from=start', bearer(await tokenOf('olga', ['operator'])));
    expect(amountsOf(await staff.events(2))).toEqual([1, 2]);
    for (const own of [byProtocol, byHeader]) expect(amountsOf(await own.events(1))).toEqual([2]);
    await served.post('/events', event(3, 'eves'), { token: eve });
    for (const own of [byProtocol, byHeader]) expect(amountsOf(await own.events(2))).toEqual([2, 3]);
    // The token does not come back.
    expect(byProtocol.socket.protocol).toBe('annals.v1');
    expect(byHeader.socket.protocol).toBe('');
    expect(await refusalOf(served.url, 'user_id=ada', bearer(eve))).toMatchObject({ status: 403 });
  });

  test('is refused without a token that is valid, and without a role', async () => {
    const { url } = await withTokens();
    const refused = { status: 401, body: { code: 'unauthenticated' } };
    expect(await refusalOf(url, 'from=start')).toMatchObject(refused);
    expect(await refusalOf(url, 'from=start', bearer('nonsense'))).toMatchObject(refused);
    expect(await refusalOf(url, 'from=start', { protocols: ['annals.v1'] })).toMatchObject(refused);
    // In the address it would be written into logs.
    const token = await tokenOf('ada', ['reader']);
    expect(await refusalOf(url, `from=start&token=${token}`)).toMatchObject(refused);
    expect(await refusalOf(url, `access_token=${token}`, bearer(token))).toMatchObject({ status: 400 });
    expect(await refusalOf(url, '', bearer(await tokenOf('ada', [])))).toMatchObject({ status: 403 });
  });

  test('is closed with 4401 when their token expires', async () => {
    const { url } = await withTokens({ access: { ...tokenAccess, clockSkewSeconds: 60 } });
    const token = await tokenOf('ada', ['reader'], { exp: Math.floor(Date.now() / 1000) - 57 });
    const { closed } = openSocket(url, 'from=start', bearer(token));
    expect(await closed).toEqual({ code: 4401, reason: 'The token has expired.' });
  });

  test('comes from this origin, one that is allowed, or from no page', async () => {
    const { url } = await withTokens({ corsOrigins: ['https://shop.example'] });
    const token = await tokenOf('ada', ['reader']);
    for (const origin of ['https://evil.example', 'null', url.replace(/\d+$/, '1')]) {
      expect(await refusalOf(url, '', { ...bearer(token), origin })).toMatchObject({ status: 403 });
    }
    for (const origin of ['https://shop.example', url, undefined]) {
      const options = origin === undefined ? {} : { origin };
      const { socket } = openSocket(url, 'from=start', { ...bearer(token), ...options });
      await new Promise(resolve => socket.once('message', resolve));
      socket.close();
    }
  });

  test('needs no token on this machine if nobody does, and still is no page of others', async () => {
    const { url } = await serve();
    expect(await refusalOf(url, '', { origin: 'https://evil.example' })).toMatchObject({ status: 403 });
    const { socket } = openSocket(url, 'from=start', { origin: url });
    await new Promise(resolve => socket.once('message', resolve));
    socket.close();
  });
});
