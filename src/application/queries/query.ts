import type { Actor } from '../../domain/index.ts';

declare const resultType: unique symbol;

/** Base of a question that changes nothing; `Result` is what its handler returns. A static `schema` is checked as for commands. */
export abstract class Query<Result> {
  // In a tuple, because what is inferred from an optional property itself loses its `undefined`.
  declare readonly [resultType]?: readonly [Result];
}

/** What the handler of a query returns. */
export type QueryResult<Q> = Q extends Query<infer Result> ? Result : never;

/** What a handler may know of a query beyond its fields. */
export interface QueryContext {
  /** Who asks; undefined if nobody said. Over HTTP it is the user of the token. */
  readonly userId: string | undefined;
  readonly actor: Actor | undefined;
  /**
   * The position that the answer must include; `ReadModels` waits for it by itself, and what is read past it waits
   * with `projections.waitFor`.
   */
  readonly atLeast: number | undefined;
  /** Aborted when whoever asks has given up. */
  readonly signal: AbortSignal | undefined;
}

/** Answers queries of one class; decorate it with `@Handles`. */
export interface QueryHandler<Q extends Query<unknown>> {
  // A property, so that the compiler refuses a handler whose query is another.
  readonly handle: (query: Q, context: QueryContext) => QueryResult<Q> | Promise<QueryResult<Q>>;
}
