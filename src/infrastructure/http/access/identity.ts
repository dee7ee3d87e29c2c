import type { FastifyRequest } from 'fastify';
import type { Actor } from '../../../domain/index.ts';
import { Forbidden } from '../http-errors.ts';

/** What somebody may do; each role may do what those before it may. */
export const roles = ['reader', 'writer', 'operator', 'admin'] as const;

/** `reader` reads events, `writer` appends and dispatches, `operator` runs the system, `admin` does everything. */
export type Role = (typeof roles)[number];

/** Who sends a request. */
export interface Identity {
  /** The user of the token; undefined without tokens. */
  readonly userId: string | undefined;
  readonly role: Role;
  /** Whether they see the events of all users, and may speak for others. */
  readonly seesAll: boolean;
  /** When the token is taken no more, in milliseconds since 1970; undefined: never. */
  readonly expiresAtMs: number | undefined;
}

/** Finds out who sends a request. @throws {Unauthenticated | Forbidden} */
export type Authenticate = (request: FastifyRequest) => Promise<Identity>;

const identities = new WeakMap<FastifyRequest, Identity>();

/** Remembers who sends a request. */
export function setIdentity(request: FastifyRequest, identity: Identity): void {
  identities.set(request, identity);
}

/** Who sends a request. */
export function identityOf(request: FastifyRequest): Identity {
  const identity = identities.get(request);
  if (identity === undefined) throw new Forbidden('Nobody asked who sends this request.');
  return identity;
}

/** The best of the roles that somebody has; undefined if they have none. */
export function bestRole(names: readonly string[]): Role | undefined {
  return roles.findLast(role => names.includes(role));
}

/** Whether a role may do what `least` may. */
export function includesRole(role: Role, least: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(least);
}

/** Refuses whoever has not this role or one that includes it. */
export function requireRole(identity: Identity, least: Role): void {
  if (includesRole(identity.role, least)) return;
  throw new Forbidden(`This needs the role "${least}", and the token says "${identity.role}".`);
}

/** In whose name an identity acts unless it says otherwise. */
export function actorOf({ userId }: Identity): Actor {
  return userId === undefined ? 'system' : `user:${userId}`;
}
