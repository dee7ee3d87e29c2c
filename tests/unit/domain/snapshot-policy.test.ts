import { describe, expect, test } from '@jest/globals';
import {
  Aggregate,
  AggregateRoot,
  InvalidSnapshotPolicy,
  afterEvent,
  allOf,
  anyOf,
  everyEvents,
  everyMs,
} from 'annals';
import type { Decider, SnapshotFacts } from 'annals';
import { snapshotOptionsOf } from '../../../src/domain/aggregate.ts';
import { aggregateClassOf } from '../../../src/domain/decider.ts';
import { defaultSnapshotPolicy } from '../../../src/domain/snapshot-policy.ts';

class Opened {}
class Closed {}
class ClosedForGood extends Closed {}

const noon = new Date('2026-01-01T12:00:00Z');

function facts(changes: Partial<SnapshotFacts> = {}): SnapshotFacts {
  return { version: 1, events: [new Opened()], last: undefined, now: noon, ...changes };
}

function reaching(version: number, count: number): SnapshotFacts {
  return facts({ version, events: Array.from({ length: count }, () => new Opened()) });
}

describe('A snapshot policy', () => {
  test('by events is due whenever the version passes a multiple, however many events come at once', () => {
    const policy = everyEvents(10);
    const due = [
      [9, 9],
      [9, 1],
      [10, 1],
      [11, 1],
      [11, 2],
      [19, 9],
      [19, 10],
      [35, 16],
      [40, 5],
    ].map(([version, count]) => [version, count, policy(reaching(version!, count!))]);
    expect(due).toEqual([
      [9, 9, false],
      [9, 1, false],
      [10, 1, true],
      [11, 1, false],
      [11, 2, true],
      [19, 9, false],
      [19, 10, true],
      [35, 16, true],
      [40, 5, true],
    ]);
  });

  test('is due every 100 events where none is named', () => {
    expect([99, 100, 101].map(version => defaultSnapshotPolicy(reaching(version, 1)))).toEqual([
      false,
      true,
      false,
    ]);
  });

  test('by time is due when the last one is so old, and where none was seen', () => {
    const last = (takenAt: string): SnapshotFacts =>
      facts({ last: { version: 1, takenAt: new Date(takenAt) } });
    const policy = everyMs(60_000);
    expect(policy(last('2026-01-01T11:59:00.000Z'))).toBe(true);
    expect(policy(last('2026-01-01T11:59:00.001Z'))).toBe(false);
    expect(policy(facts())).toBe(true);
  });

  test('by event is due when one of the classes, or a subclass, was stored', () => {
    const policy = afterEvent(Closed);
    expect(policy(facts())).toBe(false);
    expect(policy(facts({ events: [new Opened(), new Closed(), new Opened()] }))).toBe(true);
    expect(policy(facts({ events: [new ClosedForGood()] }))).toBe(true);
    expect(afterEvent(Closed, Opened)(facts())).toBe(true);
    expect(afterEvent()(facts())).toBe(false);
  });

  test('is composed of others', () => {
    const [yes, no] = [(): boolean => true, (): boolean => false];
    const together = [anyOf(yes, no), anyOf(no, no), anyOf(), allOf(yes, no), allOf(yes, yes)];
    expect(together.map(policy => policy(facts()))).toEqual([true, false, false, false, true]);
    expect(anyOf(everyEvents(100), allOf(everyMs(1), afterEvent(Closed)))(facts())).toBe(false);
  });

  test('refuses numbers that make no sense', () => {
    for (const value of [0, -1, 1.5, NaN, Infinity, '3' as unknown as number]) {
      for (const [name, make] of [
        ['everyEvents', everyEvents],
        ['everyMs', everyMs],
      ] as const) {
        expect(() => make(value)).toThrow(InvalidSnapshotPolicy);
        expect(() => make(value)).toThrow(
          expect.objectContaining({ code: 'invalid-snapshot-policy', policy: name, value }),
        );
      }
    }
  });
});

describe('@Aggregate', () => {
  test('keeps what it says of snapshots on the class alone', () => {
    const snapshots = { version: 3, when: everyEvents(5) };
    @Aggregate('kept', { snapshots })
    class Kept extends AggregateRoot {}
    @Aggregate('plain')
    class Plain extends Kept {}
    expect(snapshotOptionsOf(Kept)).toBe(snapshots);
    expect(snapshotOptionsOf(Plain)).toBeUndefined();
  });

  test('has the options of a decider on the class around it', () => {
    const decider: Decider<object, Opened, number> = {
      ...{ aggregateType: 'decided', events: [Opened], initialState: () => 0 },
      ...{ decide: () => [], evolve: state => state, snapshots: { version: 2 } },
    };
    expect(snapshotOptionsOf(aggregateClassOf(decider))).toEqual({ version: 2 });
  });
});
