import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { StoreFactory } from 'annals';
import { embedded, memory, postgres } from 'annals/di';

/** What `--help` prints. */
export const help = `
A day in the shop: customers order, the shop delivers, and every step is kept as an event.

Usage: npm start -- [--store STORE] [--port PORT]

  --store memory          keep nothing
  --store DIR             keep everything in a folder, PostgreSQL embedded; default: data/shop
  --store postgres://...  keep everything on a PostgreSQL server
  --serve                 serve the shop over HTTP after the day, on this machine only; npm start does
  --port PORT             where; default 8011, 0 for any that is free
  --help                  print this text

Each start works through the next day of business. npm run shop does only that.
`.trim();

/** A store, and how to speak of it without saying a password. */
export interface NamedStore {
  readonly store: StoreFactory;
  readonly name: string;
  /** The command that opens it once more; undefined if nothing is kept. */
  readonly sameAgain: string | undefined;
}

/** What the command line asks for. */
export interface CommandLine extends NamedStore {
  /** The port to serve the shop at after the day; undefined: it ends then. */
  readonly servesAt: number | undefined;
}

/** The command line makes no sense; the message says why. */
export class WrongUsage extends Error {}

/** The store that the command line asks for; `'help'` if it asks for help. @throws {WrongUsage} */
export function readCommandLine(args: readonly string[]): CommandLine | 'help' {
  const { store, serve, port = '8011', help: isHelp } = parse(args);
  if (isHelp === true) return 'help';
  const named = store === undefined ? defaultStore() : namedStore(store);
  return { ...named, servesAt: serve === true ? readPort(port) : undefined };
}

function readPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new WrongUsage(`--port is "${text}". Give a whole number from 0 to 65535.`);
}

interface Values {
  readonly store?: string | undefined;
  readonly serve?: boolean | undefined;
  readonly port?: string | undefined;
  readonly help?: boolean | undefined;
}

function parse(args: readonly string[]): Values {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    const options = { store: text, serve: flag, port: text, help: { ...flag, short: 'h' } } as const;
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
