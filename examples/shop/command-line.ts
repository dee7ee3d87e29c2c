import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { StoreFactory } from 'annals';
import { embedded, memory, postgres } from 'annals/di';

/** What `--help` prints. */
export const help = `
A day in the shop: customers order, the shop delivers, and every step is kept as an event.

Usage: npm start -- [--store STORE]

  --store memory          keep nothing
  --store DIR             keep everything in a folder, PostgreSQL embedded; default: data/shop
  --store postgres://...  keep everything on a PostgreSQL server
  --help                  print this text

Each start works through the next day of business.
`.trim();

/** A store, and how to speak of it without saying a password. */
export interface NamedStore {
  readonly store: StoreFactory;
  readonly name: string;
  /** The command that opens it once more; undefined if nothing is kept. */
  readonly sameAgain: string | undefined;
}

/** The command line makes no sense; the message says why. */
export class WrongUsage extends Error {}

/** The store that the command line asks for; `'help'` if it asks for help. @throws {WrongUsage} */
export function readCommandLine(args: readonly string[]): NamedStore | 'help' {
  const { store, help: isHelp } = parse(args);
  if (isHelp === true) return 'help';
  return store === undefined ? defaultStore() : namedStore(store);
}

function parse(args: readonly string[]): { store?: string | undefined; help?: boolean | undefined } {
  try {
    const options = { store: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new WrongUsage((error as Error).message);
  }
}

function namedStore(target: string): NamedStore {
  if (target === 'memory') return { store: memory(), name: 'memory', sameAgain: undefined };
  if (/^postgres(ql)?:\/\//.test(target)) {
    const name = withoutPassword(target);
    return { store: postgres(target), name, sameAgain: 'npm start -- --store postgres://...' };
  }
  if (target.trim() === '' || target.includes('://')) {
    throw new WrongUsage(`--store is "${target}". Give "memory", a folder, or a postgres:// URL.`);
  }
  return { store: embedded(target), name: target, sameAgain: `npm start -- --store ${target}` };
}

function defaultStore(): NamedStore {
  const folder = fileURLToPath(new URL('../../data/shop', import.meta.url));
  return { store: embedded(folder), name: relative(process.cwd(), folder), sameAgain: 'npm start' };
}

function withoutPassword(target: string): string {
  if (!URL.canParse(target)) throw new WrongUsage('--store is a postgres:// URL that cannot be read.');
  const { host, pathname } = new URL(target);
  return `postgres://${host}${pathname}`;
}
