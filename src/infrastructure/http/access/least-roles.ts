import { InvalidHttpOptions } from '../http-options.ts';
import type { LeastRoles } from '../http-options.ts';
import { roles } from './identity.ts';
import type { Role } from './identity.ts';

type Names = Pick<ReadonlyMap<string, unknown>, 'has' | 'keys'>;

/** What each role may do, by the names of commands and queries. */
export interface RulesOfRoles {
  readonly append: Role;
  readonly commands: ReadonlyMap<string, Role>;
  readonly queries: ReadonlyMap<string, Role>;
}

/**
 * The least roles, with their defaults. Whoever mistypes a name would leave open what was to be closed.
 *
 * @throws {InvalidHttpOptions} there is no such command, query or role
 */
export function rulesOfRoles(
  { append = 'writer', commands = {}, queries = {} }: LeastRoles,
  served: { readonly commands: Names; readonly queries: Names },
): RulesOfRoles {
  checkRole('append', append);
  for (const [kind, rules] of Object.entries({ commands, queries })) {
    const names = served[kind as 'commands' | 'queries'];
    for (const [name, role] of Object.entries(rules)) {
      checkRole(`${kind}.${name}`, role);
      if (names.has(name)) continue;
      const known = [...names.keys()].join(', ') || 'none';
      throw new InvalidHttpOptions(
        `leastRoles.${kind} names "${name}", which is not served. There are: ${known}.`,
      );
    }
  }
  return { append, commands: new Map(Object.entries(commands)), queries: new Map(Object.entries(queries)) };
}

function checkRole(what: string, role: string): void {
  if ((roles as readonly string[]).includes(role)) return;
  throw new InvalidHttpOptions(`leastRoles.${what} is "${role}". Give one of ${roles.join(', ')}.`);
}
