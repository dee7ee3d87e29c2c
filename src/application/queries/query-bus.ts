import type { Class } from '../../domain/index.ts';
import { classOf } from '../../domain/class.ts';
import { isMessage } from '../handles.ts';
import { NoHandler } from '../message-errors.ts';
import { validateMessage } from '../validation.ts';
import type { Query, QueryHandler, QueryResult } from './query.ts';

/** Takes queries to their handlers. */
export class QueryBus {
  readonly #handlers = new Map<Class, QueryHandler<Query<unknown>>>();

  /** Sets the one handler of a query class. */
  register(queryClass: Class, handler: QueryHandler<Query<unknown>>): void {
    this.#handlers.set(queryClass, handler);
  }

  /**
   * The answer of the query's handler.
   *
   * @throws {NoHandler} nobody handles this class
   * @throws {ValidationFailed} the query does not satisfy its schema
   */
  async ask<Q extends Query<unknown>>(query: Q): Promise<QueryResult<Q>> {
    if (!isMessage(query)) throw new NoHandler(String(query));
    const handler = this.#handlers.get(classOf(query));
    if (handler === undefined) throw new NoHandler(classOf(query).name);
    await validateMessage(query);
    return (await handler.handle(query)) as QueryResult<Q>;
  }
}
