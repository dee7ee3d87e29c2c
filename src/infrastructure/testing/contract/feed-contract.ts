import type { ContractCase } from './contract-case.ts';
import { feedCases } from './feed-cases.ts';
import { followCases } from './follow-cases.ts';
import { subscribeCases } from './subscribe-cases.ts';

/**
 * What an event store promises to its readers: pages of the feed, subscriptions, and streams that are followed.
 *
 * All of it is part of `eventStoreContract`; alone it is for a store that reads what another one writes.
 */
export function feedContract(): readonly ContractCase[] {
  return [...feedCases, ...subscribeCases, ...followCases];
}
