import type { InlineProjections, ReadModelTransaction, Recorded } from 'annals';

type Project = (events: readonly Recorded[], transaction: ReadModelTransaction) => Promise<void>;

/** Runs `project` inside every append that has an event of a type that is handled; default all. */
export function alwaysInline(
  project: Project,
  handles: (type: string) => boolean = () => true,
): InlineProjections {
  return { handles, enter: async (_events, transaction) => events => project(events, transaction) };
}
