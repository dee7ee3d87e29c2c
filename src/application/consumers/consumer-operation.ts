import type { Operation } from '../ports/operation.ts';
import type { Who } from '../who-and-why.ts';

/** What operators do to consumers. */
export type ConsumerAction = 'make' | 'remove' | 'purge' | 'retry' | 'discard';

/** Under which name operations on a consumer are recorded. */
export function operationName(consumer: string): string {
  return `consumer:${consumer}`;
}

/** What is recorded when something is done to a consumer. */
export function consumerOperation(
  action: ConsumerAction,
  consumer: string,
  { actor = 'system', reason = '' }: Who,
): Operation {
  return { action, name: operationName(consumer), version: 0, actor, reason };
}
