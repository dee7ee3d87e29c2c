import { AsyncLocalStorage } from 'node:async_hooks';
import type { Actor, Class } from '../../domain/index.ts';
import { classOf } from '../../domain/class.ts';
import { checkBound } from '../events/check-query.ts';
import { isMessage } from '../handles.ts';
import { NoHandler } from '../message-errors.ts';
import { UnderWay } from '../under-way.ts';
import { validateMessage } from '../validation.ts';
import type { Query, QueryContext, QueryHandler, QueryResult } from './query.ts';

/** Options of `ask`. */
export interface AskOptions {
  readonly userId?: string | undefined;
  readonly actor?: Actor | undefined;
  /** Reads your own write: `lastPosition` of the dispatch. Every read model that the handler reads waits for it. */
  readonly atLeast?: { readonly position: number } | undefined;
  /** How long each read model may take to get there; default 10 s. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a read model owes to the query that reads it. */
export interface AskedFreshness {
  readonly position: number;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Takes queries to their handlers. */
export class QueryBus {
  readonly #handlers = new Map<Class, QueryHandler<Query<unknown>>>();
  readonly #freshness = new AsyncLocalStorage<AskedFreshness>();
  readonly #underWay = new UnderWay();

  /** Sets the one handler of a query class. */
  register(queryClass: Class, handler: QueryHandler<Query<unknown>>): void {
    this.#handlers.set(queryClass, handler);
  }

  /** What the query that is being answered here asks of read models; undefined outside, and where it asks nothing. */
  get freshness(): AskedFreshness | undefined {
    return this.#freshness.getStore();
  }

  /**
   * The answer of the query's handler.
   *
   * @throws {NoHandler} nobody handles this class
   * @throws {ValidationFailed} the query does not satisfy its schema
   * @throws {InvalidQuery} `atLeast` has no position
   * @throws {ProjectionWaitTimeout} a read model did not get as far as `atLeast` in time
   */
  async ask<Q extends Query<unknown>>(query: Q, options: AskOptions = {}): Promise<QueryResult<Q>> {
    return (await this.#underWay.track(this.#ask(query, options))) as QueryResult<Q>;
  }

  /** Waits for the queries that are being answered. */
  async drain(): Promise<void> {
    await this.#underWay.settle();
  }

  async #ask(given: Query<unknown>, options: AskOptions): Promise<unknown> {
    if (!isMessage(given)) throw new NoHandler(String(given));
    const handler = this.#handlers.get(classOf(given));
    if (handler === undefined) throw new NoHandler(classOf(given).name);
    const query = await validateMessage(given);
    const { userId, actor, timeoutMs, signal } = options;
    const position = options.atLeast && checkBound('position of atLeast', options.atLeast.position, 0);
    const freshness = position === undefined ? this.freshness : { position, timeoutMs, signal };
    const context: QueryContext = { userId, actor, atLeast: freshness?.position, signal };
    const handle = async (): Promise<unknown> => handler.handle(query, context);
    // Remembered only where something is asked: each promise within costs more then.
    return freshness === undefined ? handle() : this.#freshness.run(freshness, handle);
  }
}
