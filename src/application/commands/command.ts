declare const resultType: unique symbol;

/**
 * Base of a request to change something, named in the imperative; `Result` is what its handler returns.
 *
 *     class Deposit extends Command<void> {
 *       constructor(readonly accountId: string, readonly amount: number) { super(); }
 *     }
 *
 * A static `schema` (any Standard Schema: zod, valibot, arktype, …) is checked before the handler runs. Over HTTP
 * it is called by its class name in kebab-case, `deposit`, or by a static `messageName`.
 */
export abstract class Command<Result = void> {
  // In a tuple, because what is inferred from an optional property itself loses its `undefined`.
  declare readonly [resultType]?: readonly [Result];
}

/** What the handler of a command returns. */
export type CommandResult<C> = C extends Command<infer Result> ? Result : never;
