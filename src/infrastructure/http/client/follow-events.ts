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
 * @throws {StreamRefused} (from the loop) the token or a parameter is not taken
 */
export async function* followEvents(
  serverUrl: string,
  options: FollowEventsOptions = {},
): AsyncGenerator<EventOnWire, void> {
  const { signal } = options;
  const place = { lastId: undefined as string | undefined };
  for (let pauseMs = firstPauseMs; signal?.aborted !== true;) {
    try {
      for await (const event of oneConnection(serverUrl, options, place)) {
        pauseMs = firstPauseMs;
        yield event;
      }
    } catch (error) {
      if (error instanceof StreamRefused) throw error;
    }
    await pause(pauseMs * (0.5 + Math.random()), signal);
    pauseMs = Math.min(2 * pauseMs, longestPauseMs);
  }
}

async function* oneConnection(
  serverUrl: string,
  options: FollowEventsOptions,
  place: { lastId: string | undefined },
): AsyncGenerator<EventOnWire> {
  const connection = new Connection(options);
  try {
    const body = await open(serverUrl, options, place.lastId, connection.signal);
    for await (const { id, data } of blocksIn(body, () => connection.isAlive())) {
      const isKnown = id !== undefined && place.lastId !== undefined && Number(id) <= Number(place.lastId);
      if (id !== undefined && !isKnown) place.lastId = id;
      if (data === undefined || isKnown) continue;
      yield JSON.parse(data) as EventOnWire;
      connection.isAlive();
    }
  } finally {
    connection.close();
  }
}

async function open(
  serverUrl: string,
  { token, from = 'end', filter = {} }: FollowEventsOptions,
  lastId: string | undefined,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const url = new URL('/api/v1/stream', serverUrl);
  url.search = new URLSearchParams({ ...filter, from: String(from) }).toString();
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

  /** Something came; or its reader, who may take any time, has come back. */
  isAlive(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#abort, this.#silenceMs);
  }

  close(): void {
    clearTimeout(this.#timer);
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
