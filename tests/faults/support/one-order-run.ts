import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { readLedgers } from './ledger.ts';
import type { ReaderKind, WritePlan } from './messages.ts';
import { randomFrom } from './random.ts';
import type { Random } from './random.ts';
import { findViolations } from './verdict.ts';
import type { Reading, SeenEvent } from './verdict.ts';
import { WorkerProcess } from './worker-process.ts';

/** Where a run takes place, and what goes wrong in it. */
export interface RunOptions {
  readonly url: string;
  readonly schema: string;
  readonly seed: number;
  readonly seconds: number;
  /** The longest pause inside a transaction. */
  readonly maxThinkMs: number;
  readonly readerKinds: readonly ReaderKind[];
  /** Whether connections are terminated, statements cancelled and writers killed. */
  readonly withKills: boolean;
}

/** What a run has shown. */
export interface RunResult {
  readonly violations: readonly string[];
  readonly events: number;
  readonly readings: readonly Reading[];
  readonly kills: number;
}

const readersAProcess = 3;
const betweenFaultsMs = 250;
const strikesAKill = 4;

/**
 * Processes that write and read one event store while faults strike, and the ledgers they keep.
 *
 * Each run is: readers and writers start → faults for some seconds → writers stop → readers go on to the
 * end → what they have seen is compared with what is stored and what was acknowledged.
 */
export class OneOrderRuns implements AsyncDisposable {
  readonly #writers: WorkerProcess[];
  readonly #readers: readonly WorkerProcess[];
  readonly #folder: string;

  private constructor(writers: WorkerProcess[], readers: WorkerProcess[], folder: string) {
    this.#writers = writers;
    this.#readers = readers;
    this.#folder = folder;
  }

  static async start({ writers, readers }: { writers: number; readers: number }): Promise<OneOrderRuns> {
    const folder = await mkdtemp(join(tmpdir(), 'annals-faults-'));
    const workers = await WorkerProcess.startAll(writers + readers);
    return new OneOrderRuns(workers.splice(0, writers), workers, folder);
  }

  async run(options: RunOptions): Promise<RunResult> {
    const random = randomFrom(options.seed);
    await using client = await Connection.open(options.url);
    await client.slowDownInserts(options.schema);
    const ledgers: string[] = [];
    const readings = this.#read(options, random);
    for (const index of this.#writers.keys()) ledgers.push(this.#startWriting(options, random, index));
    const kills = await this.#strike(options, random, client, ledgers);
    const problems: string[] = [];
    for (const writer of this.#writers) writer.order({ do: 'stop' });
    for (const writer of this.#writers) problems.push(...(await writer.answer('written')).problems);

    const position = await client.number(`select ${options.schema}.settled_position()`);
    for (const reader of this.#readers) reader.order({ do: 'read up to', position });
    const read = await readings;
    const stored = await client.storedEvents(options.schema);
    const violations = findViolations(stored, readLedgers(ledgers), read.readings);
    return {
      violations: [...problems, ...read.problems, ...violations],
      events: stored.length,
      readings: read.readings,
      kills,
    };
  }

  async #read(
    { url, schema, seconds, readerKinds }: RunOptions,
    random: Random,
  ): Promise<{ readings: Reading[]; problems: string[] }> {
    for (const [index, process] of this.#readers.entries()) {
      const readers = Array.from({ length: readersAProcess }, (_value, number) => ({
        name: `reader ${index + 1}.${number + 1}`,
        kind: readerKinds[(index * readersAProcess + number) % readerKinds.length]!,
      }));
      const plan = { url: named(url, 'reader'), schema, readers, seed: random.below(2 ** 31) };
      process.order({ do: 'read', plan: { ...plan, startWithinMs: seconds * 500 } });
    }
    const answers = await Promise.all(this.#readers.map(process => process.answer('read')));
    return {
      readings: answers.flatMap(answer => answer.readings),
      problems: answers.flatMap(answer => answer.problems),
    };
  }

  /* Half of the processes write through the store, half in transactions of their own. */
  #startWriting(options: RunOptions, random: Random, index: number): string {
    const kind = index % 2 === 0 ? 'store' : 'transaction';
    const ledgerFile = join(this.#folder, `${options.schema}-${random.below(2 ** 31)}`);
    const plan: WritePlan = {
      ...{ schema: options.schema, maxThinkMs: options.maxThinkMs, kind, ledgerFile },
      url: named(options.url, kind),
      seed: random.below(2 ** 31),
      writers: kind === 'store' ? 2 : 3,
      streams: 40,
    };
    this.#writers[index]!.order({ do: 'write', plan });
    return ledgerFile;
  }

  /* Until the time is over; returns how many writers were killed. */
  async #strike(options: RunOptions, random: Random, client: Connection, ledgers: string[]): Promise<number> {
    const deadline = Date.now() + options.seconds * 1_000;
    let kills = 0;
    for (let strike = 1; Date.now() < deadline || (options.withKills && kills === 0); strike++) {
      await wait(Math.max(1, Math.min(betweenFaultsMs, deadline - Date.now())));
      if (!options.withKills) continue;
      await client.strikeConnections(options.url, random);
      if (strike % strikesAKill === 0) {
        const index = random.below(this.#writers.length);
        await this.#writers[index]!.kill();
        this.#writers[index] = await WorkerProcess.start();
        ledgers.push(this.#startWriting(options, random, index));
        kills++;
      }
    }
    return kills;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of [...this.#writers, ...this.#readers]) await process[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/* The name by which a victim among the connections is chosen. */
function named(url: string, kind: string): string {
  const named = new URL(url);
  named.searchParams.set('application_name', `faults ${kind}`);
  return named.href;
}

/* A connection of the runner, beside everything that goes wrong. */
class Connection implements AsyncDisposable {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async open(url: string): Promise<Connection> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return new Connection(client);
  }

  async number(sql: string): Promise<number> {
    const { rows } = await this.#client.query<[string]>({ text: sql, rowMode: 'array' });
    return Number(rows[0]![0]);
  }

  /* Terminates one connection, and cancels what another one, of a transaction, is about to do. */
  async strikeConnections(url: string, random: Random): Promise<void> {
    const database = new URL(url).pathname.slice(1);
    const sql = `select pid from pg_stat_activity where datname = $1 and application_name like $2 order by pid`;
    const victims = async (names: string): Promise<number[]> =>
      (await this.#client.query<{ pid: number }>(sql, [database, names])).rows.map(row => row.pid);
    const [all, transactions] = [await victims('faults %'), await victims('faults transaction')];
    if (all.length > 0) await this.#client.query('select pg_terminate_backend($1)', [random.pick(all)]);
    if (transactions.length > 0)
      await this.#client.query('select pg_cancel_backend($1)', [random.pick(transactions)]);
  }

  /* Three inserts in ten take longer between its first position and its end, as on a busy disk. */
  async slowDownInserts(schema: string): Promise<void> {
    await this.#client.query(`
      create function ${schema}.slow_down() returns trigger language plpgsql as $$
      begin
        if random() < 0.3 then perform pg_sleep(random() * 0.04); end if;
        return null;
      end $$;
      create trigger slow_down after insert on ${schema}.events
        for each statement execute function ${schema}.slow_down();`);
  }

  async storedEvents(schema: string): Promise<SeenEvent[]> {
    const { rows } = await this.#client.query<[string, string, string, number, string]>({
      text: `select e.position, e.event_id, s.aggregate_type || '/' || s.aggregate_id, e.version, e.event_type
        from ${schema}.events e join ${schema}.streams s using (stream_ref) order by e.position`,
      rowMode: 'array',
    });
    return rows.map(([position, eventId, stream, version, type]) => ({
      ...{ position: Number(position), eventId, stream, version, type },
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end();
  }
}
