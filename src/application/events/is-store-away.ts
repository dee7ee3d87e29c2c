import { StoreUnavailable } from '../ports/event-store-errors.ts';
import { causesOf } from './causes-of.ts';

/** Whether an error comes of a store that could not be reached. */
export function isStoreAway(error: unknown): boolean {
  return causesOf(error).some(cause => cause instanceof StoreUnavailable);
}
