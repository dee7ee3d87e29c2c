declare const resultType: unique symbol;

/** Base of a question that changes nothing; `Result` is what its handler returns. */
export abstract class Query<Result> {
  declare readonly [resultType]?: Result;
}

/** What the handler of a query returns. */
export type QueryResult<Q> = Q extends Query<infer Result> ? Result : never;

/** Answers queries of one class; decorate it with `@Handles`. */
export interface QueryHandler<Q extends Query<unknown>> {
  // A property, so that the compiler refuses a handler whose query is another.
  readonly handle: (query: Q) => QueryResult<Q> | Promise<QueryResult<Q>>;
}
