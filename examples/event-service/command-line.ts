import { parseArgs } from 'node:util';
import type { StoreFactory } from 'annals';
import { embedded, memory, postgres } from 'annals/di';
import type { ServeOptions, TokenAccess } from 'annals/http';

/** What `--help` prints. */
export const help = `
Serves an event store over HTTP, with no domain of its own.

Usage: npm run serve -- [--store STORE] [--port PORT] [--host HOST] [--anonymous]

  --store memory          keep nothing
  --store DIR             keep everything in a folder, PostgreSQL embedded; default: data/events
  --store postgres://...  keep everything on a PostgreSQL server
  --port PORT             default 8011; 0 for any that is free
  --host HOST             default 127.0.0.1
  --anonymous             serve everybody on this machine, without tokens
  --help                  print this text

Without --anonymous, tokens are taken as the environment says:

  ANNALS_JWT_ISSUER, ANNALS_JWT_AUDIENCE  of the tokens
  ANNALS_JWT_SECRET                       the shared secret that signs them (HS256), or
  ANNALS_JWKS_URL                         where the keys are that sign them (RS256, ES256)
`.trim();

/** What is to be served, and where. */
export interface ServiceOptions {
  readonly store: StoreFactory;
  readonly serve: ServeOptions;
}

/** The command line or the environment makes no sense; the message says why. */
export class WrongUsage extends Error {}

/** What the command line and the environment ask for; `'help'` if it asks for help. @throws {WrongUsage} */
export function readCommandLine(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): ServiceOptions | 'help' {
  const { store = 'data/events', port = '8011', host, anonymous, help: isHelp } = parse(args);
  if (isHelp === true) return 'help';
  const access = anonymous === true ? 'anonymous' : readAccess(environment);
  return { store: storeOf(store), serve: { access, host, port: readPort(port) } };
}

interface Values {
  readonly store?: string | undefined;
  readonly port?: string | undefined;
  readonly host?: string | undefined;
  readonly anonymous?: boolean | undefined;
  readonly help?: boolean | undefined;
}

function parse(args: readonly string[]): Values {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    store: text,
    port: text,
    host: text,
    anonymous: flag,
    help: { ...flag, short: 'h' },
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new WrongUsage((error as Error).message);
  }
}

function storeOf(target: string): StoreFactory {
  if (target === 'memory') return memory();
  if (/^postgres(ql)?:\/\//.test(target)) return postgres(target);
  if (target.trim() !== '' && !target.includes('://')) return embedded(target);
  throw new WrongUsage('--store is none. Give "memory", a folder, or a postgres:// URL.');
}

function readPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new WrongUsage(`--port is "${text}". Give a whole number from 0 to 65535.`);
}

function readAccess(environment: NodeJS.ProcessEnv): TokenAccess {
  const { ANNALS_JWT_ISSUER: issuer, ANNALS_JWT_AUDIENCE: audience } = environment;
  const { ANNALS_JWT_SECRET: secret, ANNALS_JWKS_URL: jwksUrl } = environment;
  if (issuer === undefined || audience === undefined || (secret === undefined) === (jwksUrl === undefined)) {
    throw new WrongUsage('Nobody said whose tokens to take. Set the environment, or add --anonymous.');
  }
  const rules = { issuer, audience };
  return secret === undefined ? { ...rules, jwksUrl: jwksUrl! } : { ...rules, secret };
}
