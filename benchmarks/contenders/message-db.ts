import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { PeerMissing } from '../harness/load-peer.ts';
import type { ScratchDatabase } from '../harness/scratch-database.ts';
import type { SampleEvent } from '../harness/workload.ts';
import { timeOrderedUuid } from './bare/time-ordered-uuid.ts';
import { poolSize } from './event-log.ts';
import type { EventLog } from './event-log.ts';

// In the order of its install.sh, without roles, views and functions that writing does not use.
const files = [
  ...['schema/message-store', 'tables/messages', 'types/message', 'functions/message-store-version'],
  ...['hash-64', 'acquire-lock', 'category', 'is-category', 'id', 'cardinal-id', 'stream-version'].map(
    name => `functions/${name}`,
  ),
  ...[
    'functions/write-message',
    'indexes/messages-id',
    'indexes/messages-stream',
    'indexes/messages-category',
  ],
];

/** message-db: its `write_message` once an event, in a transaction. */
export class MessageDbLog implements EventLog {
  readonly #pool: pg.Pool;

  private constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  static async open(database: ScratchDatabase): Promise<MessageDbLog> {
    const scripts = await Promise.all(files.map(readScript));
    const path = 'set search_path to message_store, public;';
    await database.run(['create schema message_store;', path, ...scripts].join('\n'));
    const options = '-c search_path=message_store,public';
    return new MessageDbLog(new pg.Pool({ connectionString: database.url, max: poolSize, options }));
  }

  async append(streamId: string, version: number, events: readonly SampleEvent[]): Promise<void> {
    const client = await this.#pool.connect();
    try {
      await client.query('begin');
      for (const [index, event] of events.entries()) {
        await client.query({
          name: 'write',
          text: 'select write_message($1, $2, $3, $4, $5, $6)',
          values: this.#parameters(`account-${streamId}`, version - 1 + index, event),
        });
      }
      await client.query('commit');
    } finally {
      client.release();
    }
  }

  #parameters(stream: string, version: number, { type, payload, metadata }: SampleEvent): unknown[] {
    return [timeOrderedUuid(), stream, type, JSON.stringify(payload), JSON.stringify(metadata), version];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
  }
}

async function readScript(name: string): Promise<string> {
  const packageName = '@eventide/message-db';
  try {
    const folder = dirname(createRequire(import.meta.url).resolve(`${packageName}/package.json`));
    return await readFile(join(folder, 'database', `${name}.sql`), 'utf8');
  } catch (error) {
    throw new PeerMissing(packageName, error);
  }
}
