import { AnnalsError } from '../../../domain/annals-error.ts';
import type { EventOnWire } from '../event-on-wire.ts';
import { blocksIn } from './read-blocks.ts';

/** Which events are followed, and how. */
export interface FollowEventsOptions {
  /** The token to send; asked for again on each connection. */
  readonly token?: (() => string | Promise<string>) | undefined;
  /** `end` (default): what comes from now on; `start`: all; a number: what comes after this `event_number`. */
  readonly from?: 'start' | 'end' | number | undefined;
  /** Parameters of the stream, e.g. `{ aggregate_type: 'order' }`. */
  readonly filter?: Readonly<Record<string, string>> | undefined;
  /** Ends the loop, without an error. */
  readonly signal?: AbortSignal | undefined;
  /** After how long without a sign of life the connection is given up; default 45 s, three heart-beats. */
  readonly silenceMs?: number | undefined;
}

/** The server refuses to let somebody follow, and would do so again. */
export class StreamRefused extends AnnalsError {
  readonly code = 'stream-refused';
  readonly status: number;

  constructor(status: number, detail: string) {
    super(`The server refuses the stream with ${status}: ${detail}`);
    this.status = status;
  }
}

/** What was given as the address of a server is none. */
export class InvalidServerUrl extends AnnalsError {
  readonly code = 'invalid-server-url';

  constructor(serverUrl: string) {
    super(`"${serverUrl}" is no address of a server. Give one with its protocol: http://127.0.0.1:8011.`);
  }
}

const firstPauseMs = 100;
const longestPauseMs = 10_000;
const usualSilenceMs = 45_000;
// Refusals that pass: too slow, too many, and whatever is wrong with the server itself.
const passingStatuses = new Set([408, 425, 429]);

/**
 * The events of a server as they come, in order, each once, however often the connection is lost meanwhile.
 *
 * It never ends by itself. Leaving the loop closes the connection.
 *
 * @param serverUrl - e.g. `http://127.0.0.1:8011`
 * @throws {InvalidServerUrl} (from the loop) there can be no server at that address
 * @throws {StreamRefused} (from the loop) the token or a parameter is not taken
 */
export async function* followEvents(
  serverUrl: string,
  options: FollowEventsOptions = {},
): AsyncGenerator<EventOnWire, void> {
  const url = streamUrl(serverUrl, options);
  const hasEnded = (): boolean => options.signal?.aborted === true;
  const place: Place = { lastId: undefined, pauseMs: firstPauseMs };
  while (!hasEnded()) {
    const events = oneConnection(url, options, place);
    try {
      for (
        let event = await nextOf(events);
        event !== undefined && !hasEnded();
        event = await nextOf(events)
      ) {
        yield event;
      }
    } finally {
      // A connection that died while the reader had an event fails when it is left: nothing that a reader must know.
      await events.return(undefined).catch(() => undefined);
    }
    await pause(place.pauseMs * (0.5 + Math.random()), options.signal);
    place.pauseMs = Math.min(2 * place.pauseMs, longestPauseMs);
  }
}

/** Where a reader is, over all its connections. */
interface Place {
  lastId: string | undefined;
  /** How long to wait before the next connection. */
  pauseMs: number;
}

/* Undefined once the connection has ended, however it did. What the reader itself throws never comes by here. */
async function nextOf(events: AsyncGenerator<EventOnWire>): Promise<EventOnWire | undefined> {
  try {
    const next = await events.next();
    return next.done === true ? undefined : next.value;
  } catch (error) {
    if (error instanceof StreamRefused) throw error;
    return undefined;
  }
}

async function* oneConnection(
  url: URL,
  options: FollowEventsOptions,
  place: Place,
): AsyncGenerator<EventOnWire, undefined> {
  const connection = new Connection(options);
  try {
    const body = await open(url, options, place.lastId, connection.signal);
    for await (const { id, data } of blocksIn(body, () => connection.isAlive())) {
      // A stream says at once where it is: the server is well, however little may happen there.
      place.pauseMs = firstPauseMs;
      const isKnown = id !== undefined && place.lastId !== undefined && Number(id) <= Number(place.lastId);
      if (id !== undefined && !isKnown) place.lastId = id;
      if (data === undefined || isKnown) continue;
      connection.rests();
      yield JSON.parse(data) as EventOnWire;
      connection.isAlive();
    }
  } finally {
    connection.close();
  }
}

/* An address where nothing can ever be would be tried for ever. */
function streamUrl(serverUrl: string, { from = 'end', filter = {} }: FollowEventsOptions): URL {
  const url = URL.canParse('/api/v1/stream', serverUrl) ? new URL('/api/v1/stream', serverUrl) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') throw new InvalidServerUrl(serverUrl);
  url.search = new URLSearchParams({ ...filter, from: String(from) }).toString();
  return url;
}

async function open(
  url: URL,
  { token }: FollowEventsOptions,
  lastId: string | undefined,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const headers = {
    accept: 'text/event-stream',
    ...(token === undefined ? {} : { authorization: `Bearer ${await token()}` }),
    ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
  };
  const response = await fetch(url, { headers, signal });
  if (response.ok && response.body !== null) return response.body;
  const detail = await response.text();
  const isPassing = response.status >= 500 || passingStatuses.has(response.status);
  throw isPassing ? new Error(detail) : new StreamRefused(response.status, detail.slice(0, 500));
}

/** A connection that is given up after too long a silence, or when its reader ends. */
class Connection {
  readonly #controller = new AbortController();
  readonly #silenceMs: number;
  readonly #outer: AbortSignal | undefined;
  readonly #abort = (): void => this.#controller.abort();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ silenceMs = usualSilenceMs, signal }: FollowEventsOptions) {
    this.#silenceMs = silenceMs;
    this.#outer = signal;
    signal?.addEventListener('abort', this.#abort, { once: true });
    if (signal?.aborted === true) this.#abort();
    this.isAlive();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Its reader has an event, and may take any time. */
  rests(): void {
    clearTimeout(this.#timer);
  }

  /** Something came, or its reader has come back. */
  isAlive(): void {
    this.rests();
    this.#timer = setTimeout(this.#abort, this.#silenceMs);
  }

  close(): void {
    this.rests();
    this.#outer?.removeEventListener('abort', this.#abort);
    this.#abort();
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted === true) return;
  await new Promise<void>(resolve => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}
