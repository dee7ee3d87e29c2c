import type { Socket } from 'node:net';
import type pg from 'pg';
import type { Logger } from '../../application/ports/logger.ts';
import { Backoff } from '../../application/subscriptions/backoff.ts';
import { WakeUp } from '../../application/subscriptions/wake-up.ts';
import type { SignalListener } from './sql-client.ts';

const farewellMs = 1_000;

/** Somebody who listens, and to what. */
interface Ear {
  readonly channel: string;
  readonly listener: SignalListener;
}

/** The time from the first ear to the last one's leaving. */
interface Session {
  readonly closing: AbortController;
  readonly run: Promise<void>;
}

/**
 * A connection of its own that hears what is notified, on all channels that somebody of this process listens to.
 *
 * - `closed`: nobody listens
 * - `closed` → `connecting` by the first who does
 * - `connecting` → `listening` when the server has taken the LISTEN; whoever comes now is added to it
 * - `listening` → `pausing` when the connection is lost; `connecting` → `pausing` when it cannot be made
 * - `pausing` → `connecting` after a pause that doubles with each failure
 * - any → `closed` when the last one leaves
 *
 * While it is not listening, signals are missed; `onListening` tells when that is over.
 */
export class ListeningConnection {
  readonly #connect: () => pg.Client;
  readonly #logger: Logger;
  readonly #ears = new Set<Ear>();
  #session: Session | undefined;
  /* Connected, and told what to listen to whenever somebody comes or goes. */
  #client: pg.Client | undefined;

  /** @param connect - makes a client that is not connected yet */
  constructor(connect: () => pg.Client, logger: Logger) {
    this.#connect = connect;
    this.#logger = logger;
  }

  /** Hears what is notified on a channel until it is disposed. */
  listen(channel: string, listener: SignalListener): AsyncDisposable {
    const ear: Ear = { channel, listener };
    this.#ears.add(ear);
    this.#session ??= this.#open();
    const client = this.#client;
    // One that cannot be told to listen to more is given up, and the next one listens to everything.
    if (client !== undefined)
      void this.#hear(client, [ear]).catch((error: unknown) => client.emit('error', error));
    return { [Symbol.asyncDispose]: () => this.#leave(ear) };
  }

  async #leave(ear: Ear): Promise<void> {
    if (!this.#ears.delete(ear)) return;
    const { size } = this.#ears;
    if (size > 0) return this.#unlisten(ear.channel);
    const session = this.#session;
    this.#session = undefined;
    this.#client = undefined;
    session?.closing.abort();
    await session?.run;
  }

  async #unlisten(channel: string): Promise<void> {
    if ([...this.#ears].some(ear => ear.channel === channel)) return;
    await this.#client?.query(`unlisten ${channel}`).catch(() => undefined);
  }

  #open(): Session {
    const closing = new AbortController();
    return { closing, run: this.#keepListening(closing.signal) };
  }

  async #keepListening(closing: AbortSignal): Promise<void> {
    const backoff = new Backoff();
    const isOver = (): boolean => closing.aborted;
    for (;;) {
      const failure = await this.#listen(closing, () => backoff.reset());
      if (isOver()) return;
      const retryInMs = backoff.nextMs();
      this.#logger.warn('The connection that hears of commits was lost; until it is back, the store polls.', {
        retryInMs,
        error: failure,
      });
      await new WakeUp().wait(retryInMs, closing);
      if (isOver()) return;
    }
  }

  /* Ends with what ended the connection. */
  async #listen(closing: AbortSignal, onListening: () => void): Promise<unknown> {
    const client = this.#connect();
    const { lost, forget } = whenLost(client, closing);
    client.on('notification', ({ channel, payload }) => this.#tell(channel, payload ?? ''));
    try {
      const failure = await Promise.race([lost, this.#begin(client, closing)]);
      if (failure !== undefined) return failure;
      onListening();
      return await lost;
    } catch (error) {
      return error;
    } finally {
      forget();
      if (this.#client === client) this.#client = undefined;
      await end(client);
    }
  }

  async #begin(client: pg.Client, closing: AbortSignal): Promise<undefined> {
    await client.connect();
    await client.query(
      "select set_config('application_name', left(current_setting('application_name'), 55) || ' listen', false)",
    );
    if (closing.aborted) return undefined;
    // From here on, whoever comes is heard by a statement of its own.
    this.#client = client;
    await this.#hear(client, [...this.#ears]);
    return undefined;
  }

  async #hear(client: pg.Client, ears: readonly Ear[]): Promise<void> {
    const channels = new Set(ears.map(ear => ear.channel));
    await client.query([...channels].map(channel => `listen ${channel}`).join('; '));
    for (const ear of ears) if (this.#ears.has(ear)) ear.listener.onListening();
  }

  #tell(channel: string, payload: string): void {
    for (const ear of [...this.#ears]) if (ear.channel === channel) ear.listener.onSignal(payload);
  }
}

/* Resolves with the reason; without a listener for its errors, a connection that dies would end the process. */
function whenLost(client: pg.Client, closing: AbortSignal): { lost: Promise<unknown>; forget: () => void } {
  let forget = (): void => undefined;
  const lost = new Promise(resolve => {
    const close = (): void => resolve(closing.reason);
    client.on('error', resolve);
    client.on('end', () => resolve(new Error('The server closed the connection.')));
    closing.addEventListener('abort', close);
    // One closing outlives many connections.
    forget = () => closing.removeEventListener('abort', close);
  });
  return { lost, forget };
}

/* A server that does not answer the farewell is not waited for. */
async function end(client: pg.Client): Promise<void> {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  const timer = setTimeout(() => stream.destroy(), farewellMs);
  await client.end().catch(() => undefined);
  clearTimeout(timer);
  stream.destroy();
}
