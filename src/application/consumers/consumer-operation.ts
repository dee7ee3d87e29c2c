import type { Actor } from '../../domain/index.ts';
import { checkIdentifier } from '../../domain/identifiers.ts';
import type { Operation } from '../ports/operation.ts';

/** Who does something to a consumer, and why; both are recorded. */
export interface Decision {
  /** `user:{id}`, `agent:{name}` or `system`; default `system`. */
  readonly actor?: Actor | undefined;
  readonly reason?: string | undefined;
}

/** What operators do to consumers. */
export type ConsumerAction = 'make' | 'remove' | 'purge' | 'retry' | 'discard';

const longestReason = 1_000;

/** Under which name operations on a consumer are recorded. */
export function operationName(consumer: string): string {
  return `consumer:${consumer}`;
}

/** What is recorded when something is done to a consumer. */
export function consumerOperation(
  action: ConsumerAction,
  consumer: string,
  { actor = 'system', reason = '' }: Decision,
): Operation {
  return { action, name: operationName(consumer), version: 0, actor, reason };
}

/** Refuses a reason that cannot be kept. @throws {InvalidIdentifier} */
export function checkReason(decision: Decision): void {
  if (decision.reason !== undefined) requireReason(decision);
}

/** Refuses a decision without a reason, too. @throws {InvalidIdentifier} */
export function requireReason({ reason }: Decision): void {
  checkIdentifier('reason', reason, longestReason);
}
