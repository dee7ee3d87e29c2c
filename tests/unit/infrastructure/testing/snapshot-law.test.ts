import { Type } from 'class-transformer';
import { describe, expect, test } from '@jest/globals';
import { Aggregate, AggregateRoot, Event, On, everyEvents } from 'annals';
import type { Decider } from 'annals';
import { scenarioFor } from 'annals/testing';
import { failureOf } from './failure-of.ts';

@Event('shift.begun')
class ShiftBegun {
  constructor(readonly at: string) {}
}

const snapshots = { version: 1, when: everyEvents(100) };

abstract class AnyShift extends AggregateRoot<ShiftBegun> {
  begin(at: string) {
    this.raise(new ShiftBegun(at));
  }
}

@Aggregate('undeclared_shift', { snapshots })
class UndeclaredShift extends AnyShift {
  begunAt: Date | undefined;
  @On(ShiftBegun) protected begun({ at }: ShiftBegun) {
    this.begunAt = new Date(at);
  }
}

@Aggregate('plain_shift')
class PlainShift extends AnyShift {
  begunAt: Date | undefined;
  @On(ShiftBegun) protected begun({ at }: ShiftBegun) {
    this.begunAt = new Date(at);
  }
}

@Aggregate('declared_shift', { snapshots })
class DeclaredShift extends AnyShift {
  @Type(() => Date) begunAt: Date | undefined;
  @On(ShiftBegun) protected begun({ at }: ShiftBegun) {
    this.begunAt = new Date(at);
  }
}

@Aggregate('hiding_shift', { snapshots })
class HidingShift extends AnyShift {
  #begun = 0;
  #last = '';
  get count() {
    return this.#begun;
  }
  get last() {
    return this.#last;
  }
  @On(ShiftBegun) protected begun({ at }: ShiftBegun) {
    this.#begun++;
    this.#last = at;
  }
  protected override toSnapshot(): object {
    return { begun: this.#begun, last: this.#last };
  }
  protected override fromSnapshot({ begun, last }: { begun: number; last: string }) {
    this.#begun = begun;
    this.#last = last;
  }
}

@Aggregate('forgetful_shift', { snapshots })
class ForgetfulShift extends HidingShift {
  protected override fromSnapshot({ last }: { begun: number; last: string }) {
    super.fromSnapshot({ begun: 0, last });
  }
}

@Aggregate('hasty_shift', { snapshots: { version: 1, when: everyEvents(1) } })
class HastyShift extends AnyShift {
  begunAt = '';
  hasBegun = false;
  override begin(at: string) {
    super.begin(at);
    this.hasBegun = true;
  }
  @On(ShiftBegun) protected begun({ at }: ShiftBegun) {
    this.begunAt = at;
  }
}

const decided: Decider<string, ShiftBegun, { readonly at: Date | undefined }> = {
  ...{ aggregateType: 'decided_shift', events: [ShiftBegun], snapshots },
  initialState: () => ({ at: undefined }),
  decide: at => new ShiftBegun(at),
  evolve: (_state, { at }) => ({ at: new Date(at) }),
};

const [first, second] = ['2026-01-01T08:00:00Z', '2026-01-02T08:00:00Z'];

describe('The law of snapshots', () => {
  test('holds where the real copy gives the state back', async () => {
    for (const source of [DeclaredShift, HidingShift]) {
      await scenarioFor<typeof DeclaredShift>(source as typeof DeclaredShift)
        .events(new ShiftBegun(first))
        .when(shift => shift.begin(second))
        .thenEvents(new ShiftBegun(second));
    }
  });

  test('is broken by a field that the snapshot cannot keep, at the first event already', async () => {
    const failure = await failureOf(
      scenarioFor(UndeclaredShift)
        .when(shift => shift.begin(first))
        .thenEvents(new ShiftBegun(first)),
    );
    expect(failure).toContain(
      'The law "snapshot equals replay" is broken: the state of undeclared_shift after event 1 cannot be kept as a snapshot.',
    );
    expect(failure).toContain(
      'undeclared_shift: snapshot.state.begunAt is a Date, which would not come back as one.',
    );
  });

  test('is broken by a decider whose state it cannot keep', async () => {
    const failure = await failureOf(
      scenarioFor(decided)
        .when(shift => shift.decide(first))
        .thenEvents(new ShiftBegun(first)),
    );
    expect(failure).toContain('the state of decided_shift after event 1 cannot be kept as a snapshot.');
  });

  test('is broken by a fromSnapshot that forgets', async () => {
    const failure = await failureOf(
      scenarioFor(ForgetfulShift)
        .when(shift => shift.begin(first))
        .thenEvents(new ShiftBegun(first)),
    );
    expect(failure).toContain(
      'forgetful_shift comes back from its snapshot after event 1 with another count.',
    );
  });

  test('hides nothing from the others: what is looked at is folded from the events', async () => {
    const live = await failureOf(
      scenarioFor(HastyShift)
        .when(shift => shift.begin(first))
        .thenEvents(new ShiftBegun(first)),
    );
    expect(live).toContain('The law "replay equals live" is broken');
    const state = await failureOf(
      scenarioFor(HastyShift, { withoutLaws: ['replay-equals-live'] })
        .when(shift => shift.begin(first))
        .thenState({ hasBegun: true }),
    );
    expect(state).toContain('hasBegun');
  });

  test('judges an aggregate without snapshots as if it could keep everything', async () => {
    await scenarioFor(PlainShift)
      .events(new ShiftBegun(first))
      .when(shift => shift.begin(second))
      .thenEvents(new ShiftBegun(second));
  });
});
