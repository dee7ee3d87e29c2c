import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { CpuMeter } from './cpu-meter.ts';

const pollMs = 5;
// Castore's adapter never closes its connections, so there is an end to waiting.
const untilUnusedMs = 1_000;

/** An empty database on the benchmark's server, dropped when it is disposed. */
export class ScratchDatabase implements AsyncDisposable {
  readonly url: string;
  readonly cpu: CpuMeter;
  readonly #admin: pg.Client;
  readonly #name: string;

  private constructor(admin: pg.Client, url: string, name: string, cpu: CpuMeter) {
    this.#admin = admin;
    this.#name = name;
    this.url = url;
    this.cpu = cpu;
  }

  /** @param serverUrl - of a superuser */
  static async create(serverUrl: string): Promise<ScratchDatabase> {
    const admin = new pg.Client({ connectionString: serverUrl });
    await admin.connect();
    const name = `annals_bench_${process.pid}_${String(next++)}`;
    await admin.query(`create database ${name}`);
    const url = new URL(serverUrl);
    url.pathname = `/${name}`;
    return new ScratchDatabase(admin, url.href, name, await CpuMeter.of(admin));
  }

  /** Runs statements over a connection of its own. */
  async run(text: string, values?: readonly unknown[]): Promise<pg.QueryResult<Record<string, unknown>>> {
    const client = new pg.Client({ connectionString: this.url });
    await client.connect();
    try {
      return await client.query<Record<string, unknown>>(text, values as unknown[]);
    } finally {
      await client.end();
    }
  }

  /** Sets a server setting for all connections that are opened from now on. */
  async configure(name: string, value: string | number): Promise<void> {
    await this.#admin.query(`alter database ${this.#name} set ${name} = '${value}'`);
  }

  /** Writes what is dirty to disk, so that nobody pays for what was done before. */
  async settle(): Promise<void> {
    await this.#admin.query('checkpoint');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#untilUnused();
    await this.#admin.query(`drop database ${this.#name} with (force)`);
    await this.#admin.end();
  }

  /* A pool that has ended may still have connections that are about to close; cut, they end the process. */
  async #untilUnused(): Promise<void> {
    const deadline = performance.now() + untilUnusedMs;
    const text = 'select count(*)::integer as connections from pg_stat_activity where datname = $1';
    while (performance.now() < deadline) {
      const { rows } = await this.#admin.query<{ connections: number }>(text, [this.#name]);
      if (rows[0]!.connections === 0) return;
      await wait(pollMs);
    }
  }
}

let next = 1;
