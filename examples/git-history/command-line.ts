import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { WrongUsage } from './wrong-usage.ts';

/** What the command line asks for. */
export type CommandLine =
  | { readonly command: 'help' }
  | {
      readonly command: 'import';
      readonly repository: string;
      readonly branch: string | undefined;
      readonly store: string;
    }
  | {
      readonly command: 'at';
      readonly commit: string;
      /** Raw paths, ended by NUL. */
      readonly isRaw: boolean;
      readonly store: string;
    }
  | { readonly command: 'history'; readonly path: string; readonly store: string }
  | {
      readonly command: 'verify';
      readonly repository: string;
      readonly branch: string | undefined;
      readonly samples: number;
      readonly seed: number | undefined;
      readonly store: string;
    };

const defaultStore = './data/git-history';
const defaultSamples = 20;

/** Printed for `--help` and for a wrong command line. */
export const usage = `Usage: npm run git-history -- COMMAND

  import REPO [--branch B]                         import the first-parent history of a branch (default: HEAD)
  at COMMIT [-z]                                   print the files at a commit: MODE BLOB<tab>PATH
  history PATH                                     print what happened to one file
  verify REPO [--samples N] [--seed S] [--branch B]
                                                   compare N commits with git (default: ${defaultSamples});
                                                   imports first if the store is empty

Every command takes --store: a folder (default ${defaultStore}), postgres://… or memory.
With -z paths are printed as they are, each line ended by NUL; without, in an encoding told in the README.
`;

type Options = NonNullable<ParseArgsConfig['options']>;

const text = { type: 'string' } as const;
const optionsOf: Readonly<Record<string, Options>> = {
  import: { branch: text },
  at: { null: { type: 'boolean', short: 'z' } },
  history: {},
  verify: { branch: text, samples: text, seed: text },
};

/** Reads the command line. @throws {WrongUsage} it says something else than `usage` */
export function readCommandLine(args: readonly string[]): CommandLine {
  const [command = '--help', ...rest] = args;
  if (['help', '--help', '-h'].includes(command) || rest.includes('--help')) return { command: 'help' };
  const options = Object.hasOwn(optionsOf, command) ? optionsOf[command] : undefined;
  if (options === undefined) throw new WrongUsage(`There is no command ${JSON.stringify(command)}.`);
  const { values, positionals } = parse(rest, options);
  const [subject] = positionals;
  if (positionals.length !== 1 || !subject) throw new WrongUsage(`${command} takes exactly one argument.`);
  return toCommandLine(command, subject, values);
}

type Values = Readonly<Partial<Record<string, string | boolean>>>;

function parse(
  args: readonly string[],
  options: Options,
): { readonly values: Values; readonly positionals: readonly string[] } {
  try {
    const parsed = parseArgs({ args, options: { ...options, store: text }, allowPositionals: true });
    return { values: parsed.values, positionals: parsed.positionals };
  } catch (cause) {
    throw new WrongUsage((cause as Error).message, { cause });
  }
}

function toCommandLine(command: string, subject: string, values: Values): CommandLine {
  const store = (values.store as string | undefined) ?? defaultStore;
  const branch = values.branch as string | undefined;
  switch (command) {
    case 'import':
      return { command, repository: subject, branch, store };
    case 'at':
      return { command, commit: subject, isRaw: values.null === true, store };
    case 'history':
      return { command, path: subject, store };
    default: {
      const samples = readNumber('samples', values.samples, 1) ?? defaultSamples;
      const seed = readNumber('seed', values.seed, 0);
      return { command: 'verify', repository: subject, branch, samples, seed, store };
    }
  }
}

function readNumber(name: string, value: string | boolean | undefined, least: number): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  const isUsable = Number.isSafeInteger(number) && number >= least && value !== '';
  if (!isUsable)
    throw new WrongUsage(`--${name} is ${JSON.stringify(value)}. Give a whole number from ${least}.`);
  return number;
}
