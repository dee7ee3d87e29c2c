import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, jest, test } from '@jest/globals';
import { followEvents } from 'annals/http/client';
import type { FollowEventsOptions } from 'annals/http/client';
import { eventually } from '../../support/eventually.ts';
import { exchange, open, startCuttingProxy } from './support/raw.ts';
import { everyStore, serve } from './support/serve.ts';
import type { Json, Served } from './support/serve.ts';
import { tokenAccess, tokenOf } from './support/tokens.ts';

const event = (amount: number, id = 'a-1') => ({
  event_type: 'account.deposited',
  aggregate_type: 'account',
  aggregate_id: id,
  payload: { amount },
});
const postMany = ({ post }: Served, amounts: readonly number[], token?: string) =>
  post('/events', { events: amounts.map(amount => event(amount)) }, { token });
const request = (query: string, ...headers: string[]): string =>
  [`GET /api/v1/stream?${query} HTTP/1.1`, 'Host: 127.0.0.1', ...headers, '', ''].join('\r\n');
const amountsIn = (answer: string): number[] =>
  [...answer.matchAll(/^data: (.*)$/gm)].map(match => JSON.parse(match[1]!).payload.amount as number);

// All but what the client measures silence with.
const timersButTimeouts = [
  ...(['Date', 'hrtime', 'performance', 'nextTick', 'queueMicrotask', 'setImmediate'] as const),
  ...(['clearImmediate', 'setInterval', 'clearInterval'] as const),
];

function countRequests({ server }: Served): { ofStreams: number } {
  const requests = { ofStreams: 0 };
  server.fastify.server.on('request', ({ url = '' }: { readonly url?: string }) => {
    if (url.startsWith('/api/v1/stream')) requests.ofStreams++;
  });
  return requests;
}

async function take(url: string, count: number, options: FollowEventsOptions = {}): Promise<Json[]> {
  const taken: Json[] = [];
  if (count === 0) return taken;
  for await (const each of followEvents(url, options)) {
    taken.push(each);
    if (taken.length === count) break;
  }
  return taken;
}

describe.each(everyStore)('A live stream on %s', (_name, options) => {
  test('begins where it is told and goes on as events come', async () => {
    const served = await serve({}, await options());
    await postMany(served, [1, 2, 3]);
    const first = await take(served.url, 3, { from: 'start' });
    expect(first).toEqual((await served.get('/events')).body.events);
    const rest = take(served.url, 3, { from: first[1].event_number });
    await postMany(served, [4, 5]);
    expect((await rest).map(({ payload }: Json) => payload.amount)).toEqual([3, 4, 5]);
  });

  test('gives what is asked for', async () => {
    const served = await serve({}, await options());
    await served.post('/events', { ...event(0, 'other'), aggregate_type: 'other', event_type: 'other.done' });
    await served.post('/events', { ...event(1), correlation_id: 'c-1' });
    await served.post('/events', event(2, 'a-2'));
    const amounts = async (filter: Record<string, string>): Promise<number[]> =>
      (await take(served.url, 1, { from: 'start', filter })).map(({ payload }: Json) => payload.amount);
    expect(await amounts({ aggregate_type: 'account' })).toEqual([1]);
    expect(await amounts({ event_type: 'account.deposited', aggregate_id: 'a-2' })).toEqual([2]);
    expect(await amounts({ correlation_id: 'c-1' })).toEqual([1]);
  });
});

describe('A live stream', () => {
  test('says where it is at once, goes on after the last event id, and beats while nothing comes', async () => {
    const served = await serve({ limits: { heartBeatMs: 20 } });
    const { body } = await postMany(served, [1, 2, 3]);
    const second = body.events[1].event_number as number;
    const answer = await exchange(served.url, request('from=start', `Last-Event-ID: ${second}`), text =>
      text.includes('still here'),
    );
    expect(answer).toMatch(/content-type: text\/event-stream/i);
    expect(answer).toContain(`id: ${second}\n\n`);
    expect(amountsIn(answer)).toEqual([3]);
    expect(answer).toMatch(/: still here\n\n/);
    const atTheEnd = await exchange(served.url, request('from=end'), text => text.includes('still here'));
    expect(amountsIn(atTheEnd)).toEqual([]);
  });

  test.each(['from=never', 'from=-1', 'from=1.5', 'since=2026-01-01', 'from='])('refuses %s', async query => {
    const { get } = await serve();
    expect(await get(`/api/v1/stream?${query}`)).toMatchObject({ status: 400 });
  });

  test('shows users their own events, and asks for a token', async () => {
    const served = await serve({ access: tokenAccess });
    const ada = await tokenOf('ada', ['writer']);
    const eve = await tokenOf('eve', ['writer']);
    await served.post('/events', event(1, 'adas'), { token: ada });
    await served.post('/events', event(2, 'eves'), { token: eve });
    const amountsOf = async (token: string, count: number): Promise<number[]> =>
      (await take(served.url, count, { from: 'start', token: () => token })).map(
        ({ payload }: Json) => payload.amount,
      );
    expect(await amountsOf(eve, 1)).toEqual([2]);
    expect(await amountsOf(await tokenOf('olga', ['operator']), 2)).toEqual([1, 2]);
    expect((await served.get('/api/v1/stream?user_id=ada', eve)).status).toBe(403);
    await expect(take(served.url, 1)).rejects.toMatchObject({ code: 'stream-refused', status: 401 });
  });

  test('ends when its token expires', async () => {
    const served = await serve({ access: { ...tokenAccess, clockSkewSeconds: 60 } });
    const token = await tokenOf('ada', ['reader'], { exp: Math.floor(Date.now() / 1000) - 57 });
    const answer = await exchange(served.url, request('from=start', `Authorization: Bearer ${token}`), text =>
      text.endsWith('0\r\n\r\n'),
    );
    expect(answer).toMatch(/ 200 OK[^]*0\r\n\r\n$/);
  });

  test('goes on with a token that has expired within the clock skew', async () => {
    const access = { ...tokenAccess, clockSkewSeconds: 600 };
    const served = await serve({ access, limits: { heartBeatMs: 20 } });
    const token = await tokenOf('ada', ['reader'], { exp: Math.floor(Date.now() / 1000) - 5 });
    const answer = await exchange(
      served.url,
      request('from=start', `Authorization: Bearer ${token}`),
      text => text.includes('still here') || text.endsWith('0\r\n\r\n'),
    );
    expect(answer).toContain('still here');
  });

  test('takes part in a bound for each client and for all', async () => {
    const served = await serve({ limits: { liveStreamsPerClient: 2 } });
    const sockets = [open(served.url), open(served.url)];
    for (const socket of sockets) {
      socket.write(request('from=start'));
      await new Promise(resolve => socket.once('data', resolve));
    }
    expect(await served.get('/api/v1/stream')).toMatchObject({
      status: 429,
      body: { code: 'too-many-streams' },
    });
    sockets[0]!.destroy();
    await eventually('there is room again', async () => {
      const answer = await exchange(served.url, request('from=start'), text => text.includes('id: '));
      return answer.includes(' 200 ');
    });
    sockets[1]!.destroy();
  });

  test('costs the others nothing when 1,000 of them are idle', async () => {
    const served = await serve({ limits: { liveStreamsPerClient: 1_000 } });
    const sockets = Array.from({ length: 1_000 }, () => open(served.url));
    const begun = sockets.map(socket => new Promise(resolve => socket.once('data', resolve)));
    for (const socket of sockets) socket.write(request('from=start'));
    await Promise.all(begun);
    expect((await postMany(served, [1])).status).toBe(201);
    const first = await new Promise<string>(resolve =>
      sockets[999]!.once('data', data => resolve(String(data))),
    );
    expect(amountsIn(first)).toEqual([1]);
    expect((await served.get('/api/v1/stream')).status).toBe(429);
    for (const socket of sockets) socket.destroy();
  });

  test('of a reader that does not read holds up nobody', async () => {
    const served = await serve();
    const slow = open(served.url);
    slow.pause();
    slow.write(request('from=start'));
    const large = Array.from({ length: 20 }, () => ({
      ...event(1),
      payload: { amount: 1, text: 'x'.repeat(300_000) },
    }));
    for (let round = 0; round < 5; round++) await served.post('/events', { events: large });
    expect(await take(served.url, 100, { from: 'start' })).toHaveLength(100);
    slow.destroy();
  });

  test('ends when the server closes, which does not wait for it', async () => {
    const served = await serve();
    const answer = exchange(served.url, request('from=start'), text => text.endsWith('0\r\n\r\n'));
    await eventually('it runs', async () => (await served.get('/health/live')).status === 200);
    await served.server.close();
    expect(await answer).toMatch(/^$|0\r\n\r\n$/);
  });
});

describe('The client', () => {
  test('loses nothing and doubles nothing, however often its connection is cut', async () => {
    const served = await serve();
    await using proxy = await startCuttingProxy(served.url);
    const amounts = Array.from({ length: 300 }, (_each, index) => index);
    const seen: number[] = [];
    const following = (async () => {
      for await (const { payload } of followEvents(proxy.url, { from: 'start' })) {
        seen.push((payload as { amount: number }).amount);
        // In the middle of each batch, while the rest of it is on its way.
        if (seen.length % 20 === 7) proxy.cut();
        if (seen.length === amounts.length) break;
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

  test('goes on by itself after a silence', async () => {
    const served = await serve({ limits: { heartBeatMs: 60_000 } });
    const requests = countRequests(served);
    const following = take(served.url, 2, { from: 'start', silenceMs: 50 });
    await postMany(served, [1]);
    await eventually('it has come back', async () => requests.ofStreams >= 2);
    await postMany(served, [2]);
    expect((await following).map(({ payload }: Json) => payload.amount)).toEqual([1, 2]);
  });

  test('gives no connection up while its reader has an event', async () => {
    const served = await serve({ limits: { heartBeatMs: 60_000 } });
    const requests = countRequests(served);
    await postMany(served, [1]);
    jest.useFakeTimers({ doNotFake: timersButTimeouts });
    try {
      const events = followEvents(served.url, { from: 'start', silenceMs: 50 });
      expect((await events.next()).value).toMatchObject({ payload: { amount: 1 } });
      jest.advanceTimersByTime(60_000);
      await postMany(served, [2]);
      expect((await events.next()).value).toMatchObject({ payload: { amount: 2 } });
      await events.return();
    } finally {
      jest.useRealTimers();
    }
    expect(requests.ofStreams).toBe(1);
  });

  test.each([
    ['leaves', () => undefined],
    ['throws', () => new Error('Mine.')],
  ])('ends when its reader %s after the connection has died', async (_what, errorOf) => {
    const served = await serve();
    await postMany(served, [1]);
    await using proxy = await startCuttingProxy(served.url);
    const error = errorOf();
    const following = (async () => {
      for await (const event of followEvents(proxy.url, { from: 'start' })) {
        proxy.cut();
        await eventually('it is cut', async () => proxy.open() === 0);
        // One turn for the client to find out.
        await served.get('/health/live');
        if (error !== undefined) throw error;
        return event;
      }
      return undefined;
    })();
    if (error === undefined) expect(await following).toMatchObject({ payload: { amount: 1 } });
    else await expect(following).rejects.toBe(error);
    expect(proxy.count()).toBe(1);
  });

  test.each(['localhost:8011', 'ftp://localhost', ''])('refuses %j, where no server can be', async url => {
    await expect(followEvents(url).next()).rejects.toMatchObject({ code: 'invalid-server-url' });
  });

  test('comes back soon to a server that was well, however little happened there', async () => {
    let connections = 0;
    const server = createServer((_request, response) => {
      connections++;
      response.end('id: 1\n\n');
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    const timeouts = jest.spyOn(globalThis, 'setTimeout');
    const stop = new AbortController();
    const following = take(`http://127.0.0.1:${port}`, 1, { signal: stop.signal, silenceMs: 40_000 });
    await eventually('it has come back', async () => connections >= 4);
    stop.abort();
    expect(await following).toEqual([]);
    const pauses = timeouts.mock.calls.map(([, ms]) => ms).filter(ms => ms !== 40_000);
    jest.restoreAllMocks();
    expect(new Set(pauses)).toEqual(new Set([100]));
    await new Promise(resolve => server.close(resolve));
  });

  test('ends with its signal', async () => {
    const { url } = await serve();
    const stop = new AbortController();
    const following = take(url, 1, { signal: stop.signal });
    stop.abort();
    expect(await following).toEqual([]);
  });
});
