import type { AppendResult } from '../ports/event-store.ts';
import type { CommandContext } from './command-handler.ts';
import type { Command } from './command.ts';

/** What became of a command. */
export type CommandOutcome =
  | {
      readonly status: 'succeeded';
      readonly result: unknown;
      /** What was stored, one for each stream. */
      readonly appends: readonly AppendResult[];
      /** The last position stored; 0 if nothing was. */
      readonly lastPosition: number;
      /** Whether this is the outcome of an earlier run under the same command id. */
      readonly repeated: boolean;
    }
  | { readonly status: 'failed'; readonly error: unknown };

/**
 * A step around the handling of every command, in the order in which the app lists them.
 *
 * A failure is an outcome, not an exception: `next` never rejects. What a middleware throws becomes a
 * failed outcome too.
 */
export type CommandMiddleware = (
  command: Command<unknown>,
  context: CommandContext,
  next: () => Promise<CommandOutcome>,
) => Promise<CommandOutcome>;

/** Runs the middleware around `handle`, outermost first. */
export function runMiddleware(
  middleware: readonly CommandMiddleware[],
  command: Command<unknown>,
  context: CommandContext,
  handle: () => Promise<CommandOutcome>,
): Promise<CommandOutcome> {
  const step = async (index: number): Promise<CommandOutcome> => {
    const current = middleware[index];
    try {
      return await (current === undefined ? handle() : current(command, context, () => step(index + 1)));
    } catch (error) {
      return { status: 'failed', error };
    }
  };
  return step(0);
}
