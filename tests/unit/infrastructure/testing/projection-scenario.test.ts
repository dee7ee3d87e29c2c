import { describe, expect, test } from '@jest/globals';
import { DocumentProjector, On, Projector, TableProjector } from 'annals';
import type { Recorded, TableTransaction } from 'annals';
import { onPGlite, onPostgres, projectionFor } from 'annals/testing';
import { Balances, MoneyDeposited, MoneyWithdrawn } from '../../../support/bank.ts';
import { Amounts, poison, resetPoison } from '../../../support/poison.ts';
import { postgresUrl } from '../../../support/stores.ts';
import { failureOf, lineOfFailure } from './failure-of.ts';

@Projector('deposits_per_day')
class DepositsPerDay extends TableProjector {
  readonly tables = { days: 'day text primary key, amount integer not null' };

  @On(MoneyDeposited)
  async deposited({ recordedAt, payload }: Recorded<MoneyDeposited>, tx: TableTransaction) {
    const day = recordedAt.toISOString().slice(0, 10);
    await tx.query(
      `insert into ${tx.table('days')} as d values ($1, $2)
       on conflict (day) do update set amount = d.amount + excluded.amount`,
      [day, payload.amount],
    );
  }
}

describe('projectionFor documents', () => {
  test('shows the documents', () =>
    projectionFor(Balances)
      .on('a', new MoneyDeposited(30), new MoneyWithdrawn(10))
      .on('b', new MoneyDeposited(1))
      .thenDocuments({ a: { balance: 20 }, b: { balance: 1 } }));

  test('says which document differs, is missing or too much', async () => {
    const deposited = projectionFor(Balances).on('a', new MoneyDeposited(30));
    const saysThat = async (documents: Record<string, { balance: number }>, text: string): Promise<void> =>
      expect(failureOf(deposited.thenDocuments(documents))).resolves.toContain(text);
    await saysThat({ a: { balance: 31 } }, 'a.balance is 30, and 31 was expected.');
    await saysThat({ a: { balance: 30 }, b: { balance: 1 } }, 'The document "b" is missing.');
    await saysThat({}, 'Nobody expected the document "a".');
    await saysThat({ b: { balance: 30 } }, 'Instead of "b" there is "a". Look at the key of the projector.');
  });

  test('goes on from what came before', () =>
    projectionFor(Balances)
      .on('a', new MoneyDeposited(30))
      .thenDocuments({ a: { balance: 30 } })
      .and.on('a', new MoneyWithdrawn(10))
      .thenDocuments({ a: { balance: 20 } }));

  test('checks what was said before it went on, and points there', async () => {
    const story = projectionFor(Balances)
      .on('a', new MoneyDeposited(30))
      .thenDocuments({ a: { balance: 31 } })
      .and.on('a', new MoneyWithdrawn(10))
      .thenDocuments({ a: { balance: 20 } });
    await expect(failureOf(story)).resolves.toContain('a.balance is 30, and 31 was expected.');
    expect(await lineOfFailure(story)).toBe('.thenDocuments({ a: { balance: 31 } })');
    expect(story.story.steps.map(({ kind }) => kind)).toEqual(['given', 'then', 'given', 'then']);
  });

  test('shows the error of an event that an app would park', async () => {
    resetPoison();
    const failed = projectionFor(Amounts).on('a', new MoneyDeposited(poison.amount)).thenDocuments({});
    await expect(failureOf(failed)).resolves.toMatch(
      /^The projector "amounts" could not handle MoneyDeposited \(version 1 of a\), key "a":\n {4}RangeError: poison 13\n {6}at .*poison\.ts:/,
    );
  });

  test.each([
    ['PGlite', onPGlite()],
    ['PostgreSQL', onPostgres(postgresUrl())],
  ])('keeps them on %s, too', async (_name, store) => {
    const deposited = projectionFor(Balances, { store }).on('a', new MoneyDeposited(30));
    await Promise.all([
      deposited.thenDocuments({ a: { balance: 30 } }),
      deposited.on('b', new MoneyDeposited(1)).thenDocuments({ a: { balance: 30 }, b: { balance: 1 } }),
    ]);
  });
});

describe('projectionFor tables', () => {
  const deposits = projectionFor(DepositsPerDay)
    .at('2026-01-05T09:00:00Z')
    .on('a', new MoneyDeposited(30))
    .at('2026-01-06T09:00:00Z')
    .on('b', new MoneyDeposited(1), new MoneyDeposited(2));

  test('shows the rows in any order', () =>
    deposits.thenRows('days', [
      { day: '2026-01-06', amount: 3 },
      { day: '2026-01-05', amount: expect.any(Number) },
    ]));

  test('shows them on PostgreSQL, too', () =>
    projectionFor(DepositsPerDay, { store: onPostgres(postgresUrl()) })
      .on('a', new MoneyDeposited(30))
      .thenRows('days', [{ day: '2026-01-01', amount: 30 }]));

  test('says which rows differ', async () => {
    const failure = failureOf(deposits.thenRows('days', [{ day: '2026-01-05', amount: 31 }]));
    await expect(failure).resolves.toBe(
      [
        'The table days has 2 rows, but expected was 1.',
        '',
        '  - expected, + got',
        '  - { day: "2026-01-05", amount: 31 }',
        '  + { day: "2026-01-05", amount: 30 }',
        '  + { day: "2026-01-06", amount: 3 }',
      ].join('\n'),
    );
  });
});

/* Projectors that are each broken in one way. */

@Projector('counting')
class Counting extends DocumentProjector<{ count: number }> {
  private count = 0;
  @On(MoneyDeposited) deposited() {
    this.count++;
    return { count: this.count };
  }
}

@Projector('remembering')
class Remembering extends DocumentProjector<{ balance: number }> {
  private readonly seen = new Set<string>();
  @On(MoneyDeposited) deposited(doc = { balance: 0 }, { eventId, payload }: Recorded<MoneyDeposited>) {
    if (this.seen.has(eventId)) return doc;
    this.seen.add(eventId);
    return { balance: doc.balance + payload.amount };
  }
}

@Projector('dated')
class Dated extends DocumentProjector<{ at: string }> {
  @On(MoneyDeposited) deposited() {
    return { at: new Date().toISOString().slice(0, 10) };
  }
}

@Projector('previous')
class Previous extends DocumentProjector<{ amount: number; before: number | null }> {
  private last: number | null = null;
  @On(MoneyDeposited) deposited(_doc: unknown, { payload }: Recorded<MoneyDeposited>) {
    const before = this.last;
    this.last = payload.amount;
    return { amount: payload.amount, before };
  }
}

@Projector('outside')
class Outside extends TableProjector {
  readonly tables = { totals: 'id integer primary key, total integer not null' };
  private total = 0;
  @On(MoneyDeposited) async deposited({ payload }: Recorded<MoneyDeposited>, tx: TableTransaction) {
    this.total += payload.amount;
    await tx.upsert('totals', [{ id: 1, total: this.total }], ['id']);
  }
}

describe('a law of projections catches', () => {
  const deposits = [new MoneyDeposited(1), new MoneyDeposited(2)];
  const today = new Date().toISOString().slice(0, 10);

  test('a counter that is not idempotent', async () => {
    const failure = failureOf(
      projectionFor(Counting)
        .on('a', ...deposits)
        .thenDocuments({ a: { count: 2 } }),
    );
    await expect(failure).resolves.toContain(
      'The law "redelivery changes nothing" is broken: Counting has other rows when all events are delivered twice.',
    );
    await expect(failure).resolves.toMatch(/a\.count {3}2 +4/);
  });

  test('events that are remembered in the projector, so that a lost batch is lost for ever', async () => {
    const failure = failureOf(
      projectionFor(Remembering)
        .on('a', ...deposits)
        .thenDocuments({ a: { balance: 3 } }),
    );
    await expect(failure).resolves.toContain('redelivery changes nothing');
  });

  test('a clock that is read', async () => {
    const failure = failureOf(
      projectionFor(Dated)
        .on('a', ...deposits)
        .thenDocuments({ a: { at: today } }),
    );
    await expect(failure).resolves.toContain(
      'The law "rebuild changes nothing" is broken: Dated has other rows when they are rebuilt on another day.',
    );
  });

  test('state that a restart loses', async () => {
    const withoutLaws = ['redelivery-changes-nothing'] as const;
    const failure = failureOf(
      projectionFor(Counting, { withoutLaws })
        .on('a', ...deposits)
        .thenDocuments({ a: { count: 2 } }),
    );
    await expect(failure).resolves.toContain('The law "restart changes nothing" is broken');
  });

  test('documents that know of each other', async () => {
    const told = projectionFor(Previous, {
      withoutLaws: ['redelivery-changes-nothing', 'restart-changes-nothing'],
    })
      .on('a', new MoneyDeposited(1))
      .on('b', new MoneyDeposited(2))
      .on('c', new MoneyDeposited(3));
    const documents = {
      a: { amount: 1, before: null },
      b: { amount: 2, before: 1 },
      c: { amount: 3, before: 2 },
    };
    await expect(failureOf(told.thenDocuments(documents))).resolves.toMatch(
      /"(mode changes|shards change) nothing"/,
    );
    const others = {
      withoutLaws: ['redelivery-changes-nothing', 'restart-changes-nothing', 'mode-changes-nothing'],
    } as const;
    const alone = projectionFor(Previous, others)
      .on('a', new MoneyDeposited(1))
      .on('b', new MoneyDeposited(2))
      .on('c', new MoneyDeposited(3));
    await expect(failureOf(alone.thenDocuments(documents))).resolves.toContain('shards share its keys');
  });

  test('state of a table projector outside of its tables', async () => {
    const failure = failureOf(
      projectionFor(Outside)
        .on('a', ...deposits)
        .thenRows('totals', [{ id: 1, total: 3 }]),
    );
    await expect(failure).resolves.toContain('redelivery changes nothing');
  });
});
