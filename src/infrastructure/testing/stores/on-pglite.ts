import type { Store, StoreFactory } from '../../../application/index.ts';
import { openSqlStore } from '../../postgres/sql-store.ts';
import { keptOpen } from './kept-open.ts';
import { SharedPGlite } from './shared-pglite.ts';

/**
 * PostgreSQL inside this process, in which every scenario has a schema to itself that is empty when it begins.
 *
 * Needs the package `@electric-sql/pglite`. Scenarios that follow each other share one database; it is closed soon
 * after the last. What it starts from is kept in `node_modules/.cache/annals`, so that only the first start takes long.
 */
export function onPGlite(): StoreFactory {
  return {
    async open(services): Promise<Store> {
      const starting = take();
      try {
        const database = await starting;
        const schema = database.takeSchema();
        const store = await openSqlStore(keptOpen(database.client), services, schema);
        return {
          ...store,
          async [Symbol.asyncDispose]() {
            try {
              await store[Symbol.asyncDispose]();
              await database.giveBack(schema);
            } finally {
              giveBack();
            }
          },
        };
      } catch (error) {
        giveBack();
        throw error;
      }
    },
  };
}

// Open, it keeps the process from ending; starting another one takes seconds.
const closeAfterMs = 300;

let shared: Promise<SharedPGlite> | undefined;
let users = 0;
let closing: NodeJS.Timeout | undefined;

function take(): Promise<SharedPGlite> {
  clearTimeout(closing);
  users++;
  return (shared ??= SharedPGlite.start());
}

function giveBack(): void {
  if (--users > 0) return;
  closing = setTimeout(() => {
    const last = shared;
    shared = undefined;
    void last?.then(database => database[Symbol.asyncDispose]()).catch(() => undefined);
  }, closeAfterMs);
}
