import type { Actor } from '../../domain/index.ts';
import type { Command, CommandResult } from './command.ts';

/** What a handler may know of the command beyond its fields. */
export interface CommandContext {
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId: string | undefined;
  readonly userId: string | undefined;
  readonly actor: Actor | undefined;
  /** Aborted when the caller gives up or the timeout passes; what is not yet stored will not be. */
  readonly signal: AbortSignal;
}

/**
 * Handles commands of one class; decorate it with `@Handles`.
 *
 * What it changes through repositories is stored when it returns, all or nothing. When it loses a race it
 * runs again on fresh state, so it must have no other effects.
 */
export interface CommandHandler<C extends Command<unknown>> {
  // A property, so that the compiler refuses a handler whose command is another.
  readonly handle: (command: C, context: CommandContext) => CommandResult<C> | Promise<CommandResult<C>>;
}
