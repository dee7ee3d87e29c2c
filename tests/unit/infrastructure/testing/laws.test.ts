import { describe, expect, test } from '@jest/globals';
import { DomainError } from 'annals';
import { anEvent, scenarioFor } from 'annals/testing';
import {
  AgingTill,
  AliasedTill,
  CountedTill,
  DatedTill,
  ForgetfulHandler,
  ForgetfulTill,
  HastyTill,
  LeakyHandler,
  LitteringTill,
  LuckyTill,
  NumberedTill,
  PaidIn,
  PayIn,
  PricedTill,
  PunctualTill,
  RashTill,
  SharedTill,
  SharingTill,
  SilentTill,
  SlowTill,
  SortedTill,
  StrictTill,
  Till,
  TillClosed,
  TillOpened,
  TillStocked,
  TimedTill,
  changingTill,
  incompleteModule,
} from './broken.ts';
import { failureOf } from './failure-of.ts';

/* What each broken aggregate is told; the rest of the message is pinned by the goldens of failures. */
describe('a law catches', () => {
  test('state that is changed outside of @On', async () => {
    const failure = failureOf(
      scenarioFor(HastyTill)
        .when(till => till.payIn(5))
        .thenEvents(new PaidIn(5)),
    );
    await expect(failure).resolves.toContain(
      'The law "replay equals live" is broken: the events of HastyTill (hasty_till/hasty_till-1) do not give the cents',
    );
  });

  test('a clock that an @On method reads', async () => {
    const failure = failureOf(
      scenarioFor(DatedTill)
        .when(till => till.payIn(5))
        .thenEvents(new PaidIn(5)),
    );
    await expect(failure).resolves.toContain('The law "replay equals live" is broken');
    await expect(failure).resolves.toContain('lastPaidIn');
  });

  test('a clock that a decision reads', async () => {
    const today = new Date().toISOString().slice(0, 10);
    const failure = failureOf(
      scenarioFor(TimedTill)
        .when(till => till.open())
        .thenEvents(new TillOpened(today)),
    );
    await expect(failure).resolves.toContain(
      'The law "same input same events" is broken: TillOpened had another at',
    );
    await expect(failure).resolves.toContain("The machine's clock is read");
  });

  test('a decision that throws a coin, whatever the coin says', async () => {
    const tries = Array.from({ length: 10 }, () =>
      failureOf(
        scenarioFor(LuckyTill)
          .when(till => till.payIn(5))
          .thenState({}),
      ),
    );
    for (const failure of await Promise.all(tries)) {
      expect(failure).toContain('The law "same input same events" is broken: the same story ended otherwise');
      expect(failure).toContain('Math.random() is called.');
    }
  });

  test('ids that are made in the aggregate', async () => {
    const number = scenarioFor(NumberedTill).when(till => till.number());
    const failure = failureOf(number.thenIncludes({ asymmetricMatch: () => true } as never));
    await expect(failure).resolves.toContain('It differs in every run: a random id');
  });

  test('an event that does not come back as it was', async () => {
    const failure = failureOf(
      scenarioFor(ForgetfulTill)
        .when(till => till.close('Ada'))
        .thenEvents(new TillClosed('Ada')),
    );
    await expect(failure).resolves.toContain(
      'The law "events survive storage" is broken: TillClosed comes back from the store with another by.',
    );
  });

  test('a date that would come back as a text', async () => {
    const failure = failureOf(
      scenarioFor(CountedTill)
        .when(till => till.count(new Date(0)))
        .thenNothing(),
    );
    await expect(failure).resolves.toContain(
      'The law "events survive storage" is broken: an event cannot be stored.',
    );
    await expect(failure).resolves.toContain('payload.at');
  });

  test('an @On method that throws, even where a failure was expected', async () => {
    const failure = failureOf(
      scenarioFor(StrictTill)
        .when(till => till.payIn(-1))
        .thenFails(Error),
    );
    await expect(failure).resolves.toContain(
      'The law "apply only changes state" is broken: StrictTill.paidIn throws when PaidIn is applied.',
    );
  });

  test('an @On method that waits', async () => {
    const failure = failureOf(
      scenarioFor(SlowTill)
        .when(till => till.payIn(1))
        .thenEvents(new PaidIn(1)),
    );
    await expect(failure).resolves.toContain('SlowTill.paidIn returns a promise when PaidIn is applied.');
  });

  test('state that a refusal leaves behind', async () => {
    const failure = failureOf(
      scenarioFor(RashTill)
        .when(till => till.payOut(1))
        .thenFails(DomainError),
    );
    await expect(failure).resolves.toContain(
      'The law "refusal leaves nothing" is broken: the refusal left another cents behind',
    );
  });

  test('a decider that changes the state it is given', async () => {
    const failure = failureOf(scenarioFor(changingTill).when({ cents: 1 }).thenFails(DomainError));
    await expect(failure).resolves.toContain('The law "refusal leaves nothing" is broken');
  });

  test('events that a refused command leaves behind', async () => {
    const till = scenarioFor(Till, { id: 't', handlers: [LeakyHandler] }).events(new PaidIn(1));
    const failure = failureOf(till.when(new PayIn('t', 1)).thenFails(DomainError));
    await expect(failure).resolves.toContain('the command was refused, but till.paid_in is stored.');
  });

  test('state outside of the aggregate', async () => {
    const failure = failureOf(
      scenarioFor(SharedTill)
        .when(till => till.payIn(1))
        .thenEvents(new PaidIn(1)),
    );
    await expect(failure).resolves.toContain('The law "replay equals live" is broken');
  });

  test('two ways to one object', async () => {
    const till = scenarioFor(AliasedTill).events(new PaidIn(1));
    const failure = failureOf(till.when(aggregate => aggregate.payIn(2)).thenEvents(new PaidIn(2)));
    await expect(failure).resolves.toContain(
      'The law "snapshot equals replay" is broken: a copy of aliased_till after event 1 does not come to the same drawers[0].cents.',
    );
  });

  test('a list of an event that becomes state', async () => {
    const failure = failureOf(
      scenarioFor(SharingTill)
        .when(till => till.stock([1], 2))
        .thenState({}),
    );
    await expect(failure).resolves.toContain('The law "replay equals live" is broken');
    await expect(failure).resolves.toMatch(/Copy\s+a\s+list\s+of\s+an\s+event/);
  });

  test('a list of an older event that becomes state', async () => {
    const failure = failureOf(
      scenarioFor(SharingTill)
        .events(new TillStocked([1]))
        .when(till => till.payIn(2))
        .thenEvents(new PaidIn(2)),
    );
    await expect(failure).resolves.toContain('The law "snapshot equals replay" is broken');
    await expect(failure).resolves.toMatch(/Copy\s+a\s+list\s+of\s+an\s+event/);
  });

  test('an object of a module that becomes state', async () => {
    const failure = failureOf(
      scenarioFor(LitteringTill)
        .when(till => till.payIn(5))
        .thenEvents(new PaidIn(5)),
    );
    await expect(failure).resolves.toContain(
      'The law "replay equals live" is broken: the events of LitteringTill (littering_till/littering_till-1) do not give the coins',
    );
  });

  test('a clock that a decision reads to the millisecond', async () => {
    const failure = failureOf(
      scenarioFor(PunctualTill)
        .when(till => till.open())
        .thenEvents(anEvent(TillOpened)),
    );
    await expect(failure).resolves.toContain(
      "\n    The machine's clock is read: new Date() or Date.now().\n",
    );
  });

  test('state that changes without an event', async () => {
    const till = scenarioFor(SilentTill).events(new PaidIn(1));
    const failure = failureOf(till.when(aggregate => aggregate.lock()).thenNothing());
    await expect(failure).resolves.toContain('do not give the isLocked that it has in memory.');
    await expect(failure).resolves.toContain('the command raised no event');
  });

  test('a getter that reads a clock', async () => {
    const today = new Date().toISOString().slice(0, 10);
    const failure = failureOf(
      scenarioFor(AgingTill)
        .when(till => till.open(today))
        .thenEvents(new TillOpened(today)),
    );
    await expect(failure).resolves.toContain('do not give the isOfToday that it has in memory.');
  });

  test('maps and undeclared classes in events', async () => {
    const sorted = failureOf(
      scenarioFor(SortedTill)
        .when(till => till.sort([1]))
        .thenNothing(),
    );
    await expect(sorted).resolves.toContain(
      'payload.counts is a Map, which would not come back as one. Declare the field',
    );
    const priced = failureOf(
      scenarioFor(PricedTill)
        .when(till => till.setPrice(1))
        .thenState({}),
    );
    await expect(priced).resolves.toContain(
      'payload.price is a Money, which would not come back as one. Declare the field',
    );
  });

  test('an event that no module knows', async () => {
    const till = scenarioFor(Till, { modules: [incompleteModule] });
    const failure = failureOf(
      till.when(aggregate => aggregate.open('today')).thenEvents(new TillOpened('today')),
    );
    await expect(failure).resolves.toContain(
      'The law "events are known" is broken: no module knows the event "till.opened".',
    );
  });

  test('a change that nobody waits for', async () => {
    const till = scenarioFor(Till, { id: 't', handlers: [ForgetfulHandler] }).events(new PaidIn(1));
    const failure = failureOf(till.when(new PayIn('t', 1)).thenEvents(new PaidIn(1)));
    await expect(failure).resolves.toMatch(
      /Nobody waited for a change[^]*Till\.update\(\) at .*broken\.ts:\d+/,
    );
  });
});

describe('a law that is switched off', () => {
  test('is not checked', async () => {
    await scenarioFor(HastyTill, { withoutLaws: ['replay-equals-live', 'snapshot-equals-replay'] })
      .when(till => till.payIn(5))
      .thenEvents(new PaidIn(5));
    await scenarioFor(RashTill, { withoutLaws: ['refusal-leaves-nothing'] })
      .when(till => till.payOut(1))
      .thenFails(DomainError);
    await scenarioFor(NumberedTill, { withoutLaws: ['same-input-same-events'] })
      .when(till => till.number())
      .thenIncludes({ asymmetricMatch: () => true } as never);
  });

  test('leaves the others on', async () => {
    const till = scenarioFor(HastyTill, { withoutLaws: ['same-input-same-events'] }).when(it => it.payIn(5));
    await expect(failureOf(till.thenEvents(new PaidIn(5)))).resolves.toContain('replay equals live');
  });
});

describe('a check that fails', () => {
  test('names the broken law that may be the cause', async () => {
    const failure = failureOf(
      scenarioFor(HastyTill)
        .when(till => till.payIn(5))
        .thenState({ cents: 5 }),
    );
    await expect(failure).resolves.toContain('The aggregate has other values of cents.');
    await expect(failure).resolves.toContain(
      'The law "replay equals live" is broken, too, which may be the cause',
    );
  });
});
