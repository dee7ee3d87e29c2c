import type { Recorded } from '../../domain/index.ts';
import type { EventStore } from '../ports/event-store.ts';
import { checkEventId, checkLimit } from './check-query.ts';
import { isUuid } from './event-id.ts';

/** An event with what it caused. */
export interface CausationNode {
  readonly event: Recorded;
  /** In the order of positions; through a command or not. */
  readonly children: readonly CausationNode[];
}

/** All that one request set in motion, as a tree of causes. */
export interface CausationTree {
  /** Events that no event of the tree caused: a command did, or nobody said. Those of one command are neighbours. */
  readonly roots: readonly CausationNode[];
  /** From the root to the parent of the event that was asked for, oldest first. */
  readonly ancestors: readonly Recorded[];
  /** The event that was asked for, with what it caused. */
  readonly node: CausationNode;
  /** Whether the correlation has no more events than were read. */
  readonly isComplete: boolean;
}

/** Options of `causationTree`. */
export interface CausationTreeOptions {
  /** Events read at most, oldest first, 1 to 10,000; default 1,000. Ancestors come on top. */
  readonly maxEvents?: number | undefined;
}

interface GrowingNode {
  readonly event: Recorded;
  readonly children: GrowingNode[];
}

/**
 * The events of one correlation as a tree, seen from one of them; undefined if no event has this id.
 *
 * `causationId` names the event that a reaction handled, also where the reaction dispatched a command, or else the
 * command. Ancestors are followed out of the correlation, too; descendants that were given another correlation are
 * found with `query({ causationId })`.
 *
 * @throws {InvalidQuery} the id is no uuid, or `maxEvents` makes no sense
 */
export async function causationTree(
  store: EventStore,
  eventId: string,
  options: CausationTreeOptions = {},
): Promise<CausationTree | undefined> {
  const limit = checkLimit('maxEvents', options.maxEvents ?? 1_000);
  const event = await store.get(checkEventId(eventId));
  if (event === undefined) return undefined;
  // An event without a correlation is the beginning of one: what it causes is correlated with its id.
  const correlationId = event.correlationId ?? event.eventId;
  const { events, nextCursor } = await store.query({ correlationId, limit });
  const known = new Map([...events, event].map(one => [one.eventId, one]));
  const ancestors = await findAncestors(store, event, known);
  for (const ancestor of ancestors) known.set(ancestor.eventId, ancestor);
  const { roots, nodes } = grow([...known.values()]);
  return { roots, ancestors, node: nodes.get(event.eventId)!, isComplete: nextCursor === undefined };
}

async function findAncestors(
  store: EventStore,
  event: Recorded,
  known: ReadonlyMap<string, Recorded>,
): Promise<readonly Recorded[]> {
  const ancestors: Recorded[] = [];
  for (let effect = event; ; effect = ancestors[0]!) {
    const causeId = causeOf(effect);
    const cause = causeId === undefined ? undefined : (known.get(causeId) ?? (await store.get(causeId)));
    if (!isCause(cause, effect)) return ancestors;
    ancestors.unshift(cause);
  }
}

function grow(events: readonly Recorded[]): {
  roots: GrowingNode[];
  nodes: ReadonlyMap<string, GrowingNode>;
} {
  const inOrder = [...events].sort((a, b) => a.position - b.position);
  const nodes = new Map(inOrder.map(event => [event.eventId, { event, children: [] as GrowingNode[] }]));
  const roots: GrowingNode[] = [];
  for (const node of nodes.values()) {
    const parent = nodes.get(causeOf(node.event) ?? '');
    (isCause(parent?.event, node.event) ? parent.children : roots).push(node);
  }
  return { roots, nodes };
}

/* The event that caused this one, if it was an event: the ids of commands may be uuids as well. */
function causeOf({ causationId }: Recorded): string | undefined {
  return isUuid(causationId) ? causationId.toLowerCase() : undefined;
}

/* Causes come first. Whoever claims something else must not turn the tree into a ring. */
function isCause(cause: Recorded | undefined, effect: Recorded): cause is Recorded {
  return cause !== undefined && cause.position < effect.position;
}
