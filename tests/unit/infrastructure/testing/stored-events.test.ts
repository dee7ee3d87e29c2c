import { describe, expect, test } from '@jest/globals';
import { Type } from 'class-transformer';
import {
  Aggregate,
  AggregateRoot,
  Command,
  Event,
  EventHandler,
  Handles,
  On,
  Projector,
  UniqueKeyTaken,
  upcaster,
} from 'annals';
import type { CommandHandler, Recorded, Upcaster } from 'annals';
import { createApp, defineModule, memory, silentLogger } from 'annals/di';
import {
  appScenario,
  checkCorpus,
  printStory,
  projectionFor,
  scenarioFor,
  storedEvent,
} from 'annals/testing';
import type { CorpusEntry } from 'annals/testing';
import {
  AccountMoved,
  AccountOpened,
  AccountRenamed,
  Facts,
  GrownAccount,
  changed,
  created,
  grownUpcasters,
  movedV1,
  openedV1,
  openedV2,
} from '../../../support/grown-accounts.ts';
import { failureOf } from './failure-of.ts';

const opened = storedEvent('account.opened', 1, { name: 'Ada' });
const module = defineModule({ aggregates: [GrownAccount], upcasters: grownUpcasters, projectors: [Facts] });

@Event('member.joined', { version: 2 })
class MemberJoined {
  readonly email: string;
  @Type(() => Date) readonly on: Date;

  constructor(email: string, on: Date) {
    this.email = email;
    this.on = on;
  }
}

@Aggregate('member')
class Member extends AggregateRoot {
  email: string | undefined;

  @On(MemberJoined) protected joined({ email }: MemberJoined) {
    this.email = email;
  }

  override uniqueKeys(): string[] {
    return this.email === undefined ? [] : [`email:${this.email}`];
  }

  greet(): void {
    // Nothing happens.
  }

  join(email: string): void {
    this.raise(new MemberJoined(email, new Date(0)));
  }
}

class Greet extends Command {}

@Handles(Greet)
class GreetHandler implements CommandHandler<Greet> {
  handle() {
    // Nothing happens.
  }
}

const joinedBy = (up: (payload: { mail: string; tags?: string[] }) => unknown): Upcaster =>
  upcaster({ type: 'member.joined', version: 1, up: up as () => object });
const wellJoined = joinedBy(({ mail }) => ({ email: mail, on: '2020-01-01T00:00:00.000Z' }));
const joined = storedEvent('member.joined', 1, { mail: 'ada@x.org', tags: ['new'] });

describe('a stored event that a scenario is given', () => {
  test('is read through upcasters by the aggregate', async () => {
    await scenarioFor(GrownAccount, { upcasters: grownUpcasters })
      .events(opened, storedEvent('account.changed', 1, { city: 'Bonn' }), new AccountMoved('Wien', 'AT'))
      .when(account => account.rename('Bo'))
      .thenEvents(new AccountRenamed('Bo'))
      .and.thenState({ owner: 'Bo', currency: 'EUR', cities: ['Bonn DE', 'Wien AT'] });
  });

  test('is stored exactly so', async () => {
    const modules = [module, defineModule({ handlers: [GreetHandler] })];
    const app = await createApp({ store: memory(), modules, logger: silentLogger });
    await appScenario(app)
      .stream(GrownAccount, 'acc-1', opened, storedEvent('account.created', 1, { who: 'Ada' }))
      .when(new Greet())
      .thenNothing();
    const { events } = await app.events.query({ aggregateId: 'acc-1' });
    expect(events.map(({ type, schemaVersion, payload }) => [type, schemaVersion, payload])).toEqual([
      ['account.opened', 1, { name: 'Ada' }],
      ['account.created', 1, { who: 'Ada' }],
    ]);
    await app.stop();
  });

  test('claims the unique keys that it has today', async () => {
    await scenarioFor(Member, { upcasters: [wellJoined] })
      .stream('other', joined)
      .when(member => member.join('ada@x.org'))
      .thenFails(UniqueKeyTaken, { key: 'email:ada@x.org' });
  });

  test('is read by projectors, with the upcasters or with the modules that bring them', async () => {
    const events = [opened, storedEvent('account.changed', 1, { name: 'Bo', city: 'Bonn' })];
    const facts = { 'acc-1': { facts: ['opened Ada EUR', 'renamed Bo', 'moved Bonn DE'] } };
    await projectionFor(Facts, { upcasters: grownUpcasters })
      .on('acc-1', ...events)
      .thenDocuments(facts);
    await projectionFor(Facts, { modules: [module] })
      .on('acc-1', ...events)
      .thenDocuments(facts);
  });

  test('is read by a whole app', async () => {
    const reactions: string[] = [];
    @Projector('greeter')
    class Greeter extends EventHandler {
      @On(AccountOpened) greet({ payload }: Recorded<AccountOpened>) {
        reactions.push(payload.owner);
      }
    }
    await appScenario({ modules: [module, defineModule({ projectors: [Greeter] })] })
      .stream(GrownAccount, 'acc-1', storedEvent('account.created', 1, { who: 'Ada' }))
      .whenTimePasses('2026-02-01')
      .thenNothing()
      .and.thenDocuments(Facts, { 'acc-1': { facts: ['opened Ada EUR'] } });
    expect(reactions[0]).toBe('Ada');
  });

  test('is told in a story as what it is', async () => {
    const scenario = scenarioFor(GrownAccount, { upcasters: grownUpcasters })
      .events(opened)
      .when(account => account.rename('Bo'))
      .thenEvents(new AccountRenamed('Bo'));
    await scenario;
    expect(printStory(scenario)).toContain('account opened (name: "Ada"), as stored in version 1');
  });

  test('whose upcaster fails is told as given', async () => {
    const failing = joinedBy(() => 'nothing');
    const failure = failureOf(
      scenarioFor(Member, { upcasters: [failing] })
        .events(joined)
        .when(member => member.greet())
        .thenNothing(),
    );
    await expect(failure).resolves.toContain('The given event of member-1 could not be stored.');
    await expect(failure).resolves.toContain('the upcaster of "member.joined" v1 gave "nothing"');
  });
});

describe('a law catches', () => {
  const kept: string[] = ['kept'];
  let count = 0;

  function told(up: Parameters<typeof joinedBy>[0], withoutLaws: readonly never[] = []) {
    return scenarioFor(Member, { upcasters: [joinedBy(up)], withoutLaws })
      .events(joined)
      .when(member => member.greet())
      .thenNothing();
  }
  const on = '2020-01-01T00:00:00.000Z';

  test.each<[string, Parameters<typeof joinedBy>[0], string, string]>([
    [
      'that changes its input',
      ({ mail, tags }) => ({ email: mail, on, tag: tags!.pop() }),
      'the upcaster of "member.joined" v1 changes the payload that it is given.',
      'tags[0]   "new"',
    ],
    [
      'that reads the clock',
      ({ mail }) => ({ email: mail, on: new Date().toISOString() }),
      'makes something else of the same payload on another day.',
      'of { mail: "ada@x.org", tags: ["new"] }',
    ],
    [
      'that throws dice',
      ({ mail }) => ({ email: mail, on, lot: Math.random() }),
      'makes something else of the same payload on another day.',
      'lot',
    ],
    [
      'that counts',
      ({ mail }) => ({ email: mail, on, number: ++count }),
      'makes something else of the same payload on another day.',
      'number',
    ],
    [
      'that gives what it keeps',
      ({ mail }) => ({ email: mail, on, kept }),
      'puts the same object into every payload',
      '["kept"]',
    ],
    [
      'that gives a Date',
      ({ mail }) => ({ email: mail, on: new Date(on) }),
      'the upcaster of "member.joined" v1 gives what JSON cannot carry.',
      'payload.on',
    ],
    [
      'that gives an instance',
      ({ mail }) => new MemberJoined(mail, new Date(on)),
      'gives what JSON cannot carry.',
      'payload.on',
    ],
    [
      'that gives an instance of plain fields',
      ({ mail }) => Object.assign(new Greet(), { email: mail, on }),
      'gives what JSON cannot carry.',
      'Greet {',
    ],
    [
      'that gives what the class cannot store',
      ({ mail }) => ({ email: mail, on: 'some day' }),
      'MemberJoined, read from "member.joined" v1, would not come back from the store',
      'is an invalid date',
    ],
  ])('an upcaster %s', async (_what, up, claim, detail) => {
    const failure = await failureOf(told(up));
    expect(failure).toContain(claim);
    expect(failure).toContain(detail);
    expect(failure).toMatch(/^The law "(upcasters are pure|upcast events survive storage)" is broken:/);
  });

  test('none of these where it is switched off', async () => {
    const impure = [joinedBy(({ mail }) => ({ email: mail, on, lot: Math.random() }))];
    await scenarioFor(Member, { upcasters: impure, withoutLaws: ['upcasters-are-pure'] })
      .events(joined)
      .when(member => member.greet())
      .thenNothing();
    const dated = [joinedBy(({ mail }) => ({ email: mail, on: new Date(on) }))];
    await scenarioFor(Member, { upcasters: dated, withoutLaws: ['upcast-events-survive-storage'] })
      .events(joined)
      .when(member => member.greet())
      .thenNothing();
  });

  test('an upcaster in the scenario of a projector, before the documents that differ', async () => {
    const impure = upcaster({
      type: 'account.opened',
      version: 1,
      up: ({ name }: { readonly name: string }) => ({ owner: `${name} ${Math.random()}` }),
    });
    const failure = await failureOf(
      projectionFor(Facts, { upcasters: [impure, openedV2] })
        .on('acc-1', opened)
        .thenDocuments({ 'acc-1': { facts: ['opened Ada EUR'] } }),
    );
    expect(failure).toMatch(
      /^The law "upcasters are pure" is broken: the upcaster of "account.opened" v1 makes/,
    );
    expect(failure).toContain("{ withoutLaws: ['upcasters-are-pure'] }");
  });
});

describe('a corpus', () => {
  const corpus: readonly CorpusEntry[] = [
    {
      stored: { type: 'account.opened', version: 1, payload: { name: 'Ada' } },
      reads: [{ type: 'account.opened', payload: { owner: 'Ada', currency: 'EUR' } }],
    },
    {
      stored: { type: 'account.created', version: 1, payload: { who: 'Ada' } },
      reads: [{ type: 'account.opened', payload: { owner: 'Ada', currency: 'EUR' } }],
    },
    {
      stored: { type: 'account.changed', version: 1, payload: { name: 'Bo', city: 'Bonn' } },
      reads: [
        { type: 'account.renamed', payload: { owner: 'Bo' } },
        { type: 'account.moved', payload: { city: 'Bonn', country: 'DE' } },
      ],
    },
    { stored: { type: 'account.changed', version: 1, payload: {} }, reads: [] },
    {
      stored: { type: 'account.renamed', version: 1, payload: { owner: 'Cy' } },
      reads: [{ type: 'account.renamed', payload: { owner: 'Cy' } }],
    },
  ];

  test('that is read as it must be passes', async () => {
    await expect(checkCorpus([module], corpus)).resolves.toBeUndefined();
  });

  test('is compared as it would be stored today', async () => {
    const dated: CorpusEntry = {
      stored: { type: 'member.joined', version: 1, payload: { mail: 'ada@x.org' } },
      reads: [{ type: 'member.joined', payload: { email: 'ada@x.org', on: '2020-01-01T00:00:00.000Z' } }],
    };
    await checkCorpus([defineModule({ aggregates: [Member], upcasters: [wellJoined] })], [dated]);
  });

  test('that is read otherwise says so of each event, and what it reads today', async () => {
    const other = upcaster({
      type: 'account.opened',
      version: 2,
      up: (payload: { readonly owner: string }) => ({ ...payload, currency: 'USD' }),
    });
    const broken = upcaster({
      ...created,
      into: { type: 'account.opened', version: 2 },
      up: () => 1 as never,
    });
    const upcasters = [openedV1, other, broken, changed, movedV1];
    const failure = await failureOf(
      checkCorpus([defineModule({ aggregates: [GrownAccount], upcasters })], corpus),
    );
    expect(failure.split('\n')).toEqual([
      '2 stored events of 5 are read otherwise.',
      '',
      '  [0] "account.opened" v1 { name: "Ada" }',
      '                                expected   got',
      '    reads[0].payload.currency   "EUR"      "USD"',
      '    today it reads [{"type":"account.opened","payload":{"owner":"Ada","currency":"USD"}}]',
      '',
      '  [1] "account.created" v1 { who: "Ada" }',
      expect.stringContaining('    UnableToUpcast: Event '),
    ]);
  });

  test('with fewer or more parts than expected says so', async () => {
    const [, , split] = corpus;
    const failure = await failureOf(checkCorpus([module], [{ ...split!, reads: [split!.reads[0]!] }]));
    expect(failure).toContain('reads[1]');
  });

  test('without an event for an upcaster is refused', async () => {
    const failure = await failureOf(checkCorpus([module], corpus.slice(0, 2)));
    expect(failure.split('\n')).toEqual([
      'No event of the corpus goes through these upcasters:',
      '',
      '    "account.changed" v1',
      '    "account.moved" v1',
      '',
      '  Add an event of each as it is stored, so that nobody breaks them unseen.',
    ]);
    await expect(failureOf(checkCorpus([module], []))).resolves.toBe('There is no event in the corpus.');
  });

  test('checks the laws of upcasters, unless they are switched off', async () => {
    const impure = defineModule({
      aggregates: [Member],
      upcasters: [
        joinedBy(({ mail }) => ({ email: mail, on: '2020-01-01T00:00:00.000Z', tags: Math.random() })),
      ],
    });
    const entry: CorpusEntry = {
      stored: { type: 'member.joined', version: 1, payload: { mail: 'ada@x.org' } },
      reads: [],
    };
    await expect(failureOf(checkCorpus([impure], [entry]))).resolves.toContain(
      'The law "upcasters are pure" is broken',
    );
    const options = { withoutLaws: ['upcasters-are-pure'] } as const;
    await expect(failureOf(checkCorpus([impure], [entry], options))).resolves.toContain(
      '1 stored event of 1 is read otherwise.',
    );
  });
});
