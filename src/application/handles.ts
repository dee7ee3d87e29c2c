import type { Class } from '../domain/index.ts';
import { metadataKey } from '../domain/class-metadata.ts';
import type { Command, CommandResult } from './commands/command.ts';
import type { CommandContext } from './commands/command-handler.ts';
import type { Query, QueryContext, QueryResult } from './queries/query.ts';

/** A command or a query. */
export type Message = Command<unknown> | Query<unknown>;

/** What the handler of a command or query returns. */
export type MessageResult<M> = M extends Command<unknown> ? CommandResult<M> : QueryResult<M>;

/** What the handler of a command or query is told beside it. */
export type MessageContextOf<M> = M extends Command<unknown> ? CommandContext : QueryContext;

/** The shape that `@Handles` asks of a handler. */
export interface MessageHandler<M> {
  readonly handle: (message: M, context: MessageContextOf<M>) => MessageResult<M> | Promise<MessageResult<M>>;
}

const handlesKey = metadataKey<Class<Message>>('handles');

/** Says which command or query a class handles: `@Handles(Deposit) class DepositHandler`. */
export function Handles<M extends Message>(
  messageClass: Class<M>,
): (handlerClass: Class<MessageHandler<M>>) => void {
  return handlerClass => handlesKey.write(handlerClass, messageClass);
}

/** The command or query that a class handles; undefined without `@Handles`. */
export function handledMessageOf(handlerClass: Class): Class<Message> | undefined {
  return handlesKey.read(handlerClass);
}

/** Whether `value` is an instance of a class, as every command and query is. */
export function isMessage(value: unknown): value is object {
  return typeof value === 'object' && value !== null && typeof value.constructor === 'function';
}
