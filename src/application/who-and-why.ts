import type { Actor } from '../domain/index.ts';
import { checkIdentifier } from '../domain/identifiers.ts';

/** Who operates on a projection or a consumer, and why; both are recorded. */
export interface Who {
  /** `user:{id}`, `agent:{name}` or `system`, 255 characters at most; default `system`. */
  readonly actor?: Actor | undefined;
  /** One line, 1,000 characters at most. */
  readonly reason?: string | undefined;
}

const longestReason = 1_000;

/** Refuses a name or a reason that could not be recorded, before anything is done. @throws {InvalidIdentifier} */
export function checkWho({ actor, reason }: Who): void {
  if (actor !== undefined) checkIdentifier('actor', actor, 255);
  if (reason !== undefined) checkIdentifier('reason', reason, longestReason);
}

/** Refuses who gives no reason, too, and returns the reason. @throws {InvalidIdentifier} */
export function requireReason(who: Who): string {
  checkWho(who);
  return checkIdentifier('reason', who.reason ?? '', longestReason);
}
