import type { ExpectedVersion } from '../../../src/domain/index.ts';

/** What a client asked of a store, and what it was told; streams by name. */
export type Call =
  | { readonly do: 'read'; readonly stream: string; readonly version: number }
  | {
      readonly do: 'append';
      readonly writes: readonly HistoryWrite[];
      /** The version of each stream afterwards, or the first conflict. */
      readonly outcome: { readonly versions: readonly number[] } | HistoryConflict;
    };

export interface HistoryWrite {
  readonly stream: string;
  readonly expected: ExpectedVersion;
  readonly events: number;
}

export interface HistoryConflict {
  readonly stream: string;
  readonly actualVersion: number;
}

/** A call with the moments at which it was made and answered; no two moments of a history are the same. */
export interface TimedCall {
  readonly client: number;
  readonly calledAt: number;
  readonly answeredAt: number;
  readonly call: Call;
}

type Versions = Readonly<Record<string, number>>;

/** A point in some order of the calls: the state after those that took effect, and which of the open ones did. */
interface Configuration {
  readonly versions: Versions;
  readonly effective: ReadonlySet<TimedCall>;
}

/**
 * The first answer that no order of the calls explains, if there is one.
 *
 * A history is linearizable if each call can be thought to take effect at one moment between its call and its answer,
 * so that a store which does one thing at a time would give the same answers. All streams are one state, so that an
 * append to several counts as one step.
 *
 * The search follows the history in time (Wing & Gong, with Lowe's just-in-time refinement): it keeps every state
 * that the store may be in, and at each answer lets open calls take effect, in all orders, until this one has.
 * Configurations that are equal are followed once.
 */
export function findUnexplained(history: readonly TimedCall[]): TimedCall | undefined {
  const open = new Set<TimedCall>();
  let configurations: readonly Configuration[] = [{ versions: {}, effective: new Set() }];
  for (const { call, isAnswer } of momentsOf(history)) {
    if (!isAnswer) {
      open.add(call);
      continue;
    }
    configurations = letTakeEffect(call, open, configurations);
    if (configurations.length === 0) return call;
    open.delete(call);
  }
  return undefined;
}

function momentsOf(history: readonly TimedCall[]): { call: TimedCall; isAnswer: boolean }[] {
  return history
    .flatMap(call => [
      { call, isAnswer: false, at: call.calledAt },
      { call, isAnswer: true, at: call.answeredAt },
    ])
    .sort((a, b) => a.at - b.at);
}

/* All configurations in which the answered call has taken effect; it is forgotten, being no longer open. */
function letTakeEffect(
  answered: TimedCall,
  open: ReadonlySet<TimedCall>,
  configurations: readonly Configuration[],
): readonly Configuration[] {
  const seen = new Set<string>();
  const found = new Map<string, Configuration>();
  const left = [...configurations];
  for (let last = left.pop(); last !== undefined; last = left.pop()) {
    const next = withReadings(last, open);
    const key = keyOf(next);
    if (seen.has(key)) continue;
    seen.add(key);
    if (next.effective.has(answered)) {
      const rest = { versions: next.versions, effective: without(next.effective, answered) };
      found.set(keyOf(rest), rest);
      continue;
    }
    for (const call of open) {
      if (next.effective.has(call) || changesNothing(call.call)) continue;
      const versions = apply(call.call, next.versions);
      if (versions !== undefined) left.push({ versions, effective: new Set([...next.effective, call]) });
    }
  }
  return [...found.values()];
}

/*
 * What changes nothing takes effect as soon as it can. Later would explain no more, and putting it off in all ways
 * would multiply the configurations.
 */
function withReadings({ versions, effective }: Configuration, open: ReadonlySet<TimedCall>): Configuration {
  const readings = [...open].filter(
    ({ call }) => changesNothing(call) && apply(call, versions) !== undefined,
  );
  return { versions, effective: new Set([...effective, ...readings]) };
}

function changesNothing(call: Call): boolean {
  return (
    call.do === 'read' || 'actualVersion' in call.outcome || call.writes.every(({ events }) => events === 0)
  );
}

/* The state after a call, if a store in this state would have given this answer. */
function apply(call: Call, versions: Versions): Versions | undefined {
  const versionOf = (stream: string): number => versions[stream] ?? 0;
  if (call.do === 'read') return call.version === versionOf(call.stream) ? versions : undefined;
  const { writes, outcome } = call;
  const refused = writes.find(({ stream, expected }) => !fits(expected, versionOf(stream)));
  if ('actualVersion' in outcome) {
    const isThis = refused?.stream === outcome.stream && versionOf(outcome.stream) === outcome.actualVersion;
    return isThis ? versions : undefined;
  }
  if (refused !== undefined) return undefined;
  const after = writes.map(({ stream, events }) => versionOf(stream) + events);
  if (after.some((version, index) => version !== outcome.versions[index])) return undefined;
  return { ...versions, ...Object.fromEntries(writes.map(({ stream }, index) => [stream, after[index]!])) };
}

function fits(expected: ExpectedVersion, actual: number): boolean {
  if (expected === 'any') return true;
  if (expected === 'exists') return actual > 0;
  return actual === (expected === 'none' ? 0 : expected);
}

function keyOf({ versions, effective }: Configuration): string {
  const state = Object.entries(versions)
    .filter(([, version]) => version > 0)
    .sort();
  const calls = [...effective].map(call => call.calledAt).sort((a, b) => a - b);
  return JSON.stringify([state, calls]);
}

function without<T>(set: ReadonlySet<T>, item: T): ReadonlySet<T> {
  return new Set([...set].filter(other => other !== item));
}
