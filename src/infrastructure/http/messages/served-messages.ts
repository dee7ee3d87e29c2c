import { AnnalsError } from '../../../domain/index.ts';
import type { Class } from '../../../domain/index.ts';
import { Query } from '../../../application/index.ts';
import type { Logger } from '../../../application/index.ts';
import type { Role } from '../access/identity.ts';
import type { HttpLimits } from '../http-options.ts';
import { MessageForm } from './message-form.ts';
import { isUsableName, messageNameOf } from './message-name.ts';

/** The names of commands or queries cannot stand in addresses, or not beside each other; every problem is listed. */
export class InvalidMessageNames extends AnnalsError {
  readonly code = 'invalid-message-names';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Commands and queries cannot be served:\n${problems.map(problem => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** The commands and queries that are served, by their names. */
export interface ServedMessages {
  readonly commands: ReadonlyMap<string, MessageForm>;
  readonly queries: ReadonlyMap<string, MessageForm>;
}

/** How commands, or queries, are served. */
export interface MessageRules {
  readonly limits: HttpLimits;
  /** By their names, where they are not the usual ones. */
  readonly leastRoles: ReadonlyMap<string, Role>;
}

/**
 * Gives commands and queries their addresses.
 *
 * @param hidden - what is not served
 * @throws {InvalidMessageNames} one has no usable name, or two have the same
 */
export function servedMessages(
  messages: readonly Class[],
  hidden: readonly Class[],
  logger: Logger,
): ServedMessages {
  const isQuery = (type: Class): boolean => type.prototype instanceof Query;
  const shown = messages.filter(type => !hidden.includes(type));
  const queries = shown.filter(isQuery);
  const commands = shown.filter(type => !isQuery(type));
  const problems = [...nameProblems(commands), ...nameProblems(queries)];
  if (problems.length > 0) throw new InvalidMessageNames(problems);
  return { commands: formsOf(commands, logger), queries: formsOf(queries, logger) };
}

function nameProblems(messages: readonly Class[]): string[] {
  const unusable = messages
    .filter(type => !isUsableName(messageNameOf(type)))
    .map(
      type =>
        `"${messageNameOf(type)}" of class "${type.name}" is no name for an address. ` +
        "Give the class one: static readonly messageName = 'place-order'.",
    );
  const byName = new Map<string, Class[]>();
  for (const type of messages)
    byName.set(messageNameOf(type), [...(byName.get(messageNameOf(type)) ?? []), type]);
  const shared = [...byName].filter(([, types]) => types.length > 1);
  const twice = shared.map(
    ([name, types]) =>
      `The name "${name}" belongs to ${types.map(type => type.name).join(' and ')}. ` +
      'Give one of them another by a static messageName.',
  );
  return [...unusable, ...twice];
}

function formsOf(messages: readonly Class[], logger: Logger): ReadonlyMap<string, MessageForm> {
  const forms = new Map<string, MessageForm>();
  for (const type of messages) {
    const form = MessageForm.of(type);
    if (form !== undefined) forms.set(messageNameOf(type), form);
    else {
      logger.warn(
        `${type.name} is not served over HTTP: its fields are not known. Give the class a static schema.`,
      );
    }
  }
  return forms;
}
