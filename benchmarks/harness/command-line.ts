import { parseArgs } from 'node:util';
import type { Settings } from './benchmark.ts';

/** What the command was asked to do. */
export interface CommandLine {
  /** Names of benchmarks; empty: all that are run by default. */
  readonly only: readonly string[];
  readonly rounds: number;
  readonly isList: boolean;
  readonly hasPeers: boolean;
  /** Parts of names of contenders; empty: all. */
  readonly contenders: readonly string[];
  readonly settings: Settings;
  readonly jsonFile: string | undefined;
  /** Of a superuser; undefined: a server of its own is started. */
  readonly serverUrl: string | undefined;
}

/** The command line cannot be understood. */
export class WrongUsage extends Error {}

/** How to call the command. */
export const usage = `npm run bench -- [options]

  --list                 the benchmarks and their settings
  --only NAME,…          run these; default: all
  --rounds N             rounds in which the contenders take turns; default 3
  --set NAME=VALUE       change a setting of the benchmarks that have it; may be repeated
  --contenders TEXT,…    only contenders whose name contains one of these
  --without-peers        only Annals and the bare driver
  --postgres URL         measure on this server, as its superuser, rather than start one
  --json FILE            also write what was measured, with the facts of this machine`;

/** @throws {WrongUsage} an option is unknown or has no sense */
export function readCommandLine(args: readonly string[]): CommandLine {
  const values = parse(args);
  const rounds = Number(values.rounds ?? 3);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new WrongUsage(`--rounds is "${values.rounds}". Give a whole number from 1 on.`);
  }
  return {
    only: splitNames(values.only),
    rounds,
    isList: values.list ?? false,
    hasPeers: !(values['without-peers'] ?? false),
    contenders: splitNames(values.contenders),
    settings: Object.fromEntries((values.set ?? []).map(readSetting)),
    jsonFile: values.json,
    serverUrl: values.postgres,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        list: { type: 'boolean' },
        only: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        set: { type: 'string', multiple: true },
        contenders: { type: 'string', multiple: true },
        'without-peers': { type: 'boolean' },
        postgres: { type: 'string' },
        json: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new WrongUsage((error as Error).message, { cause: error });
  }
}

function splitNames(values: readonly string[] = []): string[] {
  return values.flatMap(value => value.split(',')).filter(name => name !== '');
}

function readSetting(setting: string): [string, string] {
  const at = setting.indexOf('=');
  if (at < 1) throw new WrongUsage(`--set is "${setting}". Give NAME=VALUE, e.g. callers=1,32.`);
  return [setting.slice(0, at), setting.slice(at + 1)];
}
