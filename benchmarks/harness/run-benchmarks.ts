import type { Benchmark, Case, Contender, Settings } from './benchmark.ts';
import type { CommandLine } from './command-line.ts';
import { WrongUsage } from './command-line.ts';
import { reportCase } from './report.ts';
import { ContenderProcess } from './contender-process.ts';
import type { ContenderRun } from './contender-run.ts';
import { RunHere } from './contender-run.ts';
import { runCase } from './run-case.ts';
import type { ContenderResult } from './run-case.ts';

/** What was measured in one case. */
export interface CaseResult {
  readonly benchmark: string;
  readonly case: string;
  readonly settings: Settings;
  readonly contenders: readonly ContenderResult[];
}

/** How contenders are begun: in a process of their own, or in this one. */
export type BeginRun = (
  benchmark: Benchmark,
  settings: Settings,
  found: Case,
  serverUrl: string,
) => (contender: Contender) => ContenderRun;

/** Each in a process of its own, so that none pays for another's garbage. */
export const inOwnProcess: BeginRun =
  (benchmark, settings, found, serverUrl) =>
  ({ name }) =>
    new ContenderProcess({
      ...{ benchmark: benchmark.name, settings, serverUrl },
      ...{ case: found.name, contender: name },
    });

/** All in this process, where only that they run counts. */
export const inThisProcess: BeginRun =
  (_benchmark, _settings, { keepsData = false }, serverUrl) =>
  contender =>
    new RunHere(contender, serverUrl, keepsData);

/**
 * The benchmarks of this name.
 *
 * @throws {WrongUsage} there is none
 */
export function chooseBenchmarks(all: readonly Benchmark[], only: readonly string[]): readonly Benchmark[] {
  const unknown = only.find(name => !all.some(benchmark => benchmark.name === name));
  if (unknown !== undefined) {
    const names = all.map(({ name }) => name).join(', ');
    throw new WrongUsage(`There is no benchmark "${unknown}". Choose of ${names}.`);
  }
  return only.length === 0 ? all : all.filter(({ name }) => only.includes(name));
}

/** Runs benchmarks one after the other, and prints each case when it is done. */
export async function runBenchmarks(
  benchmarks: readonly Benchmark[],
  serverUrl: string,
  options: Pick<CommandLine, 'rounds' | 'hasPeers' | 'contenders' | 'settings'>,
  print: (line: string) => void,
  begin: BeginRun = inOwnProcess,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const benchmark of benchmarks) {
    print(`\n${benchmark.name}: ${benchmark.measures}`);
    const settings = settingsOf(benchmark, options.settings);
    for (const found of benchmark.cases(settings)) {
      const chosen = chooseContenders(found, options);
      const beginOne = begin(benchmark, settings, chosen, serverUrl);
      const contenders = await runCase(chosen, options.rounds, beginOne);
      for (const line of reportCase(chosen, contenders)) print(line);
      results.push({ benchmark: benchmark.name, case: chosen.name, settings, contenders });
    }
  }
  return results;
}

/* Only the settings that it has; others are meant for another benchmark. */
function settingsOf({ settings }: Benchmark, changes: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, changes[name] ?? value]));
}

function chooseContenders(
  found: Case,
  { hasPeers, contenders }: Pick<CommandLine, 'hasPeers' | 'contenders'>,
): Case {
  const isChosen = (name: string): boolean =>
    contenders.length === 0 || contenders.some(part => name.toLowerCase().includes(part.toLowerCase()));
  const chosen = found.contenders.filter(
    ({ name, kind, needsPeers = kind === 'peer' }) => (hasPeers || !needsPeers) && isChosen(name),
  );
  return { ...found, contenders: chosen };
}
