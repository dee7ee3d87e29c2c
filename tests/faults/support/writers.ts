import { setTimeout as think } from 'node:timers/promises';
import pg from 'pg';
import type { ExpectedVersion, StreamId } from '../../../src/domain/index.ts';
import type { EventStore, NewEvent, StreamAppend } from '../../../src/application/ports/event-store.ts';
import type { Store } from '../../../src/application/ports/store.ts';
import { StoreUnavailable } from '../../../src/application/ports/event-store-errors.ts';
import { postgres } from '../../../src/infrastructure/postgres/index.ts';
import { uuidV7Generator } from '../../../src/infrastructure/system/uuid-v7-generator.ts';
import { testServices } from '../../support/stores.ts';
import { LedgerFile } from './ledger.ts';
import type { WritePlan } from './messages.ts';
import { randomFrom } from './random.ts';
import type { Random } from './random.ts';
import { appendOn } from './raw-append.ts';

/** Aggregate types that writers use; each has the event types `changed` and `closed`. */
export const aggregateTypes = ['account', 'cart', 'order'] as const;

/** Writes until `signal`; returns what must not happen, but did. */
export async function write(plan: WritePlan, signal: AbortSignal): Promise<string[]> {
  using ledger = new LedgerFile(plan.ledgerFile);
  const problems: string[] = [];
  const context = { plan, ledger, signal, problems };
  await (plan.kind === 'store' ? writeThroughStore(context) : writeInTransactions(context));
  return problems;
}

interface Context {
  readonly plan: WritePlan;
  readonly ledger: LedgerFile;
  readonly signal: AbortSignal;
  readonly problems: string[];
}

async function writeThroughStore({ plan, ledger, signal, problems }: Context): Promise<void> {
  const store = await openStore(plan);
  const writer = async (random: Random): Promise<void> => {
    while (!signal.aborted) {
      const appends = await chooseAppends(random, plan, store.events);
      const ids = appends.flatMap(append => append.events.map(event => event.eventId!));
      try {
        await store.events.appendMany(appends);
        ledger.noteStored(ids);
      } catch (error) {
        const code = (error as { code?: string }).code ?? 'none';
        if (code === 'stream-version-conflict') ledger.noteNotStored(ids);
        else problems.push(`an append failed: ${String(error)}`);
      }
    }
  };
  await runAll(plan, writer);
  await store[Symbol.asyncDispose]();
}

/* A connection that is terminated while the store is opened is an error of that call. */
async function openStore(plan: WritePlan): Promise<Store> {
  for (;;) {
    try {
      return await postgres(plan.url, { schema: plan.schema, maxConnections: 4 }).open(testServices());
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }
}

async function chooseAppends(random: Random, plan: WritePlan, events: EventStore): Promise<StreamAppend[]> {
  const streams = chooseStreams(random, plan, random.chance(0.1) ? 2 : 1);
  const count = random.chance(0.03) ? 200 : 1 + random.below(5);
  const isExact = random.chance(0.2);
  const appends: StreamAppend[] = [];
  for (const stream of streams) {
    const version = isExact ? await events.streamVersion(stream).catch(() => 0) : 'any';
    appends.push({ stream, expectedVersion: version, events: newEvents(stream, count) });
  }
  return appends;
}

function chooseStreams(random: Random, plan: WritePlan, count: number): StreamId[] {
  const first = random.below(plan.streams);
  return Array.from({ length: count }, (_value, index) => ({
    aggregateType: random.pick(aggregateTypes),
    aggregateId: `stream-${(first + index) % plan.streams}`,
  }));
}

function newEvents({ aggregateType }: StreamId, count: number): NewEvent[] {
  return Array.from({ length: count }, (_value, index) => ({
    type: `${aggregateType}.${index % 4 === 3 ? 'closed' : 'changed'}`,
    payload: { index },
    eventId: uuidV7Generator.next(),
  }));
}

async function writeInTransactions(context: Context): Promise<void> {
  const { plan, signal, problems } = context;
  await runAll(plan, async random => {
    let client: pg.Client | undefined;
    while (!signal.aborted) {
      try {
        client ??= await connect(plan.url);
        await new Transaction(client, random, context).run();
      } catch (error) {
        if (!isExpected(error)) problems.push(`a transaction failed: ${String(error)}`);
        await client?.end().catch(() => undefined);
        client = undefined;
      }
    }
    await client?.end().catch(() => undefined);
  });
}

/* Terminated, cancelled, a deadlock of two transactions that append twice, a snapshot that is too old. */
function isExpected(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  if (['57P01', '57014', '40P01', '40001', 'ECONNRESET', 'EPIPE'].includes(code ?? '')) return true;
  return /connection (?:terminated|error)/i.test(message ?? '');
}

/* One transaction that appends, with pauses wherever somebody else could come in between. */
class Transaction {
  readonly #client: pg.Client;
  readonly #random: Random;
  readonly #plan: WritePlan;
  readonly #ledger: LedgerFile;
  readonly #ids: string[] = [];
  #isCommitting = false;

  constructor(client: pg.Client, random: Random, { plan, ledger }: Context) {
    this.#client = client;
    this.#random = random;
    this.#plan = plan;
    this.#ledger = ledger;
  }

  async run(): Promise<void> {
    try {
      await this.#runAndCommit();
    } catch (error) {
      // Once the commit was sent, nobody knows.
      if (!this.#isCommitting) this.#ledger.noteNotStored(this.#ids);
      throw error;
    }
  }

  async #runAndCommit(): Promise<void> {
    const random = this.#random;
    await this.#client.query(random.chance(0.1) ? 'begin isolation level repeatable read' : 'begin');
    if (random.chance(0.33)) await this.#client.query('select txid_current()');
    await this.#think();
    if (random.chance(0.1)) await this.#appendAndTakeBack();
    await this.#append(this.#ids);
    if (random.chance(0.05)) await this.#append(this.#ids);
    await this.#think();
    if (random.chance(0.1)) {
      await this.#client.query('rollback');
      this.#ledger.noteNotStored(this.#ids);
      return;
    }
    this.#isCommitting = true;
    await this.#client.query('commit');
    this.#ledger.noteStored(this.#ids);
  }

  async #appendAndTakeBack(): Promise<void> {
    const taken: string[] = [];
    await this.#client.query('savepoint before_append');
    await this.#append(taken);
    await this.#client.query('rollback to savepoint before_append');
    this.#ledger.noteNotStored(taken);
    await this.#think();
  }

  async #append(ids: string[]): Promise<void> {
    const expectedVersion: ExpectedVersion = 'any';
    const [stream] = chooseStreams(this.#random, this.#plan, 1);
    const events = newEvents(stream!, 1 + this.#random.below(5));
    const append = { stream: stream!, expectedVersion, events };
    ids.push(...events.map(event => event.eventId!));
    const outcome = await appendOn(this.#client, this.#plan.schema, [append]);
    if (outcome.status !== 'stored') throw new Error(`append_events answered ${JSON.stringify(outcome)}`);
  }

  /* Mostly short; one in ten takes up to the longest time. */
  async #think(): Promise<void> {
    const longest = this.#random.chance(0.1) ? this.#plan.maxThinkMs : this.#plan.maxThinkMs / 10;
    const timeMs = this.#random.below(longest + 1);
    if (timeMs > 0) await think(timeMs);
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  // A connection that is terminated while idle says so here; the next statement fails and tells.
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`set deadlock_timeout = '20ms'`);
  return client;
}

async function runAll(plan: WritePlan, writer: (random: Random) => Promise<void>): Promise<void> {
  await Promise.all(
    Array.from({ length: plan.writers }, (_value, index) => writer(randomFrom(plan.seed + index))),
  );
}
