import { Aggregate, AggregateRoot, DocumentProjector, Event, On, Projector, upcaster } from 'annals';
import type { EventStore, Recorded } from 'annals';

/* Accounts whose events have changed their shapes over the years. */

@Event('account.opened', { version: 3, aliases: ['account.registered'] })
export class AccountOpened {
  constructor(
    readonly owner: string,
    readonly currency: string,
  ) {}
}

@Event('account.renamed')
export class AccountRenamed {
  constructor(readonly owner: string) {}
}

@Event('account.moved', { version: 2 })
export class AccountMoved {
  constructor(
    readonly city: string,
    readonly country: string,
  ) {}
}

@Aggregate('account')
export class GrownAccount extends AggregateRoot {
  owner = '';
  currency = '';
  readonly cities: string[] = [];

  rename(owner: string): void {
    this.raise(new AccountRenamed(owner));
  }

  @On(AccountOpened) protected opened({ owner, currency }: AccountOpened) {
    Object.assign(this, { owner, currency });
  }

  @On(AccountRenamed) protected renamed({ owner }: AccountRenamed) {
    this.owner = owner;
  }

  @On(AccountMoved) protected moved({ city, country }: AccountMoved) {
    this.cities.push(`${city} ${country}`);
  }
}

interface Changes {
  readonly name?: string;
  readonly city?: string;
}

/** How often each was called. */
export const calls = { openedV1: 0, changed: 0 };

export const openedV1 = upcaster({
  type: 'account.opened',
  version: 1,
  up({ name }: { readonly name: string }) {
    calls.openedV1++;
    return { owner: name.trim() };
  },
});

export const openedV2 = upcaster({
  type: 'account.opened',
  version: 2,
  up: (payload: { readonly owner: string }) => ({ ...payload, currency: 'EUR' }),
});

export const created = upcaster({
  type: 'account.created',
  version: 1,
  into: { type: 'account.opened', version: 2 },
  up: ({ who }: { readonly who: string }) => ({ owner: who }),
});

export const changed = upcaster({
  type: 'account.changed',
  version: 1,
  into: [
    { type: 'account.renamed', version: 1 },
    { type: 'account.moved', version: 1 },
  ],
  up({ name, city }: Changes) {
    calls.changed++;
    return [
      name === undefined ? undefined : { owner: name.trim() },
      city === undefined ? undefined : { city },
    ];
  },
});

export const movedV1 = upcaster({
  type: 'account.moved',
  version: 1,
  up: (payload: { readonly city: string }) => ({ ...payload, country: 'DE' }),
});

export const grownUpcasters = [openedV1, openedV2, created, changed, movedV1];

/** What is known of an account, in the order in which it came. */
@Projector('facts')
export class Facts extends DocumentProjector<{ facts: string[] }> {
  @On(AccountOpened) opened(doc = noFacts, { payload }: Recorded<AccountOpened>) {
    return { facts: [...doc.facts, `opened ${payload.owner} ${payload.currency}`] };
  }

  @On(AccountRenamed) renamed(doc = noFacts, { payload }: Recorded<AccountRenamed>) {
    return { facts: [...doc.facts, `renamed ${payload.owner}`] };
  }

  @On(AccountMoved) moved(doc = noFacts, { payload }: Recorded<AccountMoved>) {
    return { facts: [...doc.facts, `moved ${payload.city} ${payload.country}`] };
  }
}

const noFacts = { facts: [] as string[] };

/** An event in the shape in which some version of the app has stored it. */
export type OldEvent = readonly [type: string, schemaVersion: number, payload: object];

/** Appends events as older versions of the app did. */
export async function appendOld(
  events: EventStore,
  aggregateId: string,
  ...old: readonly OldEvent[]
): Promise<void> {
  await events.append({
    stream: { aggregateType: 'account', aggregateId },
    expectedVersion: 'any',
    events: old.map(([type, schemaVersion, payload]) => ({ type, schemaVersion, payload })),
  });
}

/** A history with every shape that there was. */
export const history: readonly OldEvent[] = [
  ['account.opened', 1, { name: ' Ada ' }],
  ['account.changed', 1, { name: 'Ada L.', city: 'Bonn' }],
  ['account.changed', 1, {}],
  ['account.moved', 1, { city: 'Kiel' }],
  ['account.moved', 2, { city: 'Wien', country: 'AT' }],
  ['account.changed', 1, { city: 'Graz' }],
];

/** What `Facts` makes of it. */
export const factsOfHistory = [
  'opened Ada EUR',
  'renamed Ada L.',
  'moved Bonn DE',
  'moved Kiel DE',
  'moved Wien AT',
  'moved Graz DE',
];
