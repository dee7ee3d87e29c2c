import { randomUUID } from 'node:crypto';
import { inject } from 'inversify';
import { Exclude } from 'class-transformer';
import { Aggregate, AggregateRoot, Command, DomainError, Event, Handles, On, repositoryOf } from 'annals';
import type { CommandHandler, Decider, Repository } from 'annals';
import { defineModule, tokens } from 'annals/di';
import type { EventStore } from 'annals';

/* Aggregates, events and handlers that are each broken in one way. */

@Event('till.paid_in')
export class PaidIn {
  constructor(readonly cents: number) {}
}

/** Changes its state outside of an `@On` method. */
@Aggregate('hasty_till')
export class HastyTill extends AggregateRoot<PaidIn> {
  cents = 0;
  payIn(cents: number) {
    this.cents += cents;
    this.raise(new PaidIn(cents));
  }
}

/** Reads a clock when it applies an event. */
@Aggregate('dated_till')
export class DatedTill extends AggregateRoot<PaidIn> {
  lastPaidIn = '';
  payIn(cents: number) {
    this.raise(new PaidIn(cents));
  }
  @On(PaidIn) protected paidIn() {
    this.lastPaidIn = new Date().toISOString().slice(0, 10);
  }
}

@Event('till.opened')
export class TillOpened {
  constructor(readonly at: string) {}
}

/** Reads a clock when it decides. */
@Aggregate('timed_till')
export class TimedTill extends AggregateRoot<TillOpened> {
  open() {
    this.raise(new TillOpened(new Date().toISOString().slice(0, 10)));
  }
}

/** Reads a clock when it decides, to the millisecond. */
@Aggregate('punctual_till')
export class PunctualTill extends AggregateRoot<TillOpened> {
  open() {
    this.raise(new TillOpened(new Date().toISOString()));
  }
}

/** Throws a coin when it decides. */
@Aggregate('lucky_till')
export class LuckyTill extends AggregateRoot<PaidIn> {
  payIn(cents: number) {
    if (Math.random() < 0.5) this.raise(new PaidIn(cents));
  }
}

@Event('till.numbered')
export class TillNumbered {
  constructor(readonly number: string) {}
}

/** Makes its own ids. */
@Aggregate('numbered_till')
export class NumberedTill extends AggregateRoot<TillNumbered> {
  number() {
    this.raise(new TillNumbered(randomUUID()));
  }
}

@Event('till.closed')
export class TillClosed {
  @Exclude() readonly by: string;
  constructor(by: string) {
    this.by = by;
  }
}

/** Its event loses a field on the way to the store and back. */
@Aggregate('forgetful_till')
export class ForgetfulTill extends AggregateRoot<TillClosed> {
  close(by: string) {
    this.raise(new TillClosed(by));
  }
}

@Event('till.counted')
export class TillCounted {
  constructor(readonly at: Date) {}
}

/** Its event has a date that would come back as a text. */
@Aggregate('counted_till')
export class CountedTill extends AggregateRoot<TillCounted> {
  count(at: Date) {
    this.raise(new TillCounted(at));
  }
}

/** Refuses while it applies an event. */
@Aggregate('strict_till')
export class StrictTill extends AggregateRoot<PaidIn> {
  payIn(cents: number) {
    this.raise(new PaidIn(cents));
  }
  @On(PaidIn) protected paidIn(event: PaidIn) {
    if (event.cents < 0) throw new DomainError('There is nothing to pay in.');
  }
}

/** Waits while it applies an event. */
@Aggregate('slow_till')
export class SlowTill extends AggregateRoot<PaidIn> {
  cents = 0;
  payIn(cents: number) {
    this.raise(new PaidIn(cents));
  }
  @On(PaidIn) protected async paidIn(event: PaidIn) {
    await Promise.resolve();
    this.cents += event.cents;
  }
}

/** Changes its state before it refuses. */
@Aggregate('rash_till')
export class RashTill extends AggregateRoot<PaidIn> {
  cents = 0;
  payOut(cents: number) {
    this.cents -= cents;
    if (this.cents < 0) throw new DomainError('There is not enough in the till.');
  }
  payIn(cents: number) {
    this.raise(new PaidIn(cents));
  }
  @On(PaidIn) protected paidIn(event: PaidIn) {
    this.cents += event.cents;
  }
}

let paidInAtAll = 0;

/** Keeps its state outside of itself. */
@Aggregate('shared_till')
export class SharedTill extends AggregateRoot<PaidIn> {
  cents = 0;
  payIn(cents: number) {
    this.raise(new PaidIn(cents));
  }
  @On(PaidIn) protected paidIn(event: PaidIn) {
    paidInAtAll += event.cents;
    this.cents = paidInAtAll;
  }
}

/** Finds one object by two ways, and changes it by one of them. */
@Aggregate('aliased_till')
export class AliasedTill extends AggregateRoot<PaidIn> {
  readonly drawers: { cents: number }[] = [];
  private current: { cents: number } | undefined;
  payIn(cents: number) {
    this.raise(new PaidIn(cents));
  }
  @On(PaidIn) protected paidIn(event: PaidIn) {
    if (this.current === undefined) {
      this.current = { cents: 0 };
      this.drawers.push(this.current);
    }
    this.current.cents += event.cents;
  }
}

@Event('till.stocked')
export class TillStocked {
  constructor(readonly coins: number[]) {}
}

/** Keeps the list of an event as its own, and adds to it later. */
@Aggregate('sharing_till')
export class SharingTill extends AggregateRoot<TillStocked | PaidIn> {
  coins: number[] = [];
  stock(coins: number[], first: number) {
    this.raise(new TillStocked(coins));
    this.payIn(first);
  }
  payIn(cents: number) {
    this.raise(new PaidIn(cents));
  }
  @On(TillStocked) protected stocked(event: TillStocked) {
    this.coins = event.coins;
  }
  @On(PaidIn) protected paidIn(event: PaidIn) {
    this.coins.push(event.cents);
  }
}

const coinsOfAll: number[] = [];

/** Keeps its state where every till keeps it. */
@Aggregate('littering_till')
export class LitteringTill extends AggregateRoot<PaidIn> {
  readonly coins = coinsOfAll;
  payIn(cents: number) {
    this.raise(new PaidIn(cents));
  }
  @On(PaidIn) protected paidIn(event: PaidIn) {
    this.coins.push(event.cents);
  }
}

/** Changes its state and raises nothing. */
@Aggregate('silent_till')
export class SilentTill extends AggregateRoot<PaidIn> {
  isLocked = false;
  lock() {
    this.isLocked = true;
  }
}

@Event('till.sorted')
export class TillSorted {
  constructor(readonly counts: Map<number, number>) {}
}

/** Its event has a map, which JSON does not know. */
@Aggregate('sorted_till')
export class SortedTill extends AggregateRoot<TillSorted> {
  sort(coins: number[]) {
    this.raise(new TillSorted(new Map(coins.map(coin => [coin, 1]))));
  }
}

class Money {
  constructor(readonly cents: number) {}
  plus({ cents }: Money): Money {
    return new Money(this.cents + cents);
  }
}

@Event('till.priced')
export class TillPriced {
  constructor(readonly price: Money) {}
}

/** Its event has an object of a class that is not declared. */
@Aggregate('priced_till')
export class PricedTill extends AggregateRoot<TillPriced> {
  price = new Money(0);
  setPrice(cents: number) {
    this.raise(new TillPriced(new Money(cents)));
  }
  @On(TillPriced) protected priced(event: TillPriced) {
    this.price = event.price;
  }
}

/** Has a getter that reads a clock. */
@Aggregate('aging_till')
export class AgingTill extends AggregateRoot<TillOpened> {
  private openedAt = '';
  open(at: string) {
    this.raise(new TillOpened(at));
  }
  get isOfToday() {
    return this.openedAt === new Date().toISOString().slice(0, 10);
  }
  @On(TillOpened) protected opened(event: TillOpened) {
    this.openedAt = event.at;
  }
}

/** A decider that changes the state it is given. */
export const changingTill: Decider<{ cents: number }, PaidIn, { cents: number }> = {
  aggregateType: 'changing_till',
  events: [PaidIn],
  initialState: () => ({ cents: 0 }),
  decide: ({ cents }, state) => {
    state.cents -= cents;
    if (state.cents < 0) throw new DomainError('There is not enough in the till.');
    return new PaidIn(-cents);
  },
  evolve: (state, event) => ({ cents: state.cents + event.cents }),
};

/** A till without faults, for handlers that have them. */
@Aggregate('till')
export class Till extends AggregateRoot<PaidIn | TillOpened> {
  cents = 0;
  payIn(cents: number) {
    if (cents < 0) throw new DomainError('There is nothing to pay in.');
    this.raise(new PaidIn(cents));
  }
  open(at: string) {
    this.raise(new TillOpened(at));
  }
  @On(PaidIn) protected paidIn(event: PaidIn) {
    this.cents += event.cents;
  }
}

export class PayIn extends Command {
  constructor(
    readonly tillId: string,
    readonly cents: number,
  ) {
    super();
  }
}

/** Forgets to wait for the change. */
@Handles(PayIn)
export class ForgetfulHandler implements CommandHandler<PayIn> {
  constructor(@inject(repositoryOf(Till)) private readonly tills: Repository<Till>) {}
  async handle({ tillId, cents }: PayIn) {
    void this.tills.update(tillId, till => till.payIn(cents));
    await Promise.resolve();
  }
}

/** Appends past the unit of work, then refuses. */
@Handles(PayIn)
export class LeakyHandler implements CommandHandler<PayIn> {
  constructor(@inject(tokens.eventStore) private readonly events: EventStore) {}
  async handle({ tillId, cents }: PayIn) {
    const stream = { aggregateType: 'till', aggregateId: tillId };
    const events = [{ type: 'till.paid_in', payload: { cents } }];
    await this.events.append({ stream, expectedVersion: 'any', events });
    throw new DomainError('The bank is closed.');
  }
}

/** Does not list `TillOpened`, for which nobody has an `@On` method. */
export const incompleteModule = defineModule({ aggregates: [Till] });
