/*
 * Measures Annals beside other libraries and the bare driver: `npm run bench -- --list`.
 *
 * See README.md for what each benchmark measures and what is fair about it.
 */
import { writeFile } from 'node:fs/promises';
import { benchmarks } from './benchmarks.ts';
import { WrongUsage, readCommandLine, usage } from './harness/command-line.ts';
import type { CommandLine } from './harness/command-line.ts';
import { loadPeer } from './harness/load-peer.ts';
import { machineFacts } from './harness/machine-facts.ts';
import { chooseBenchmarks, runBenchmarks } from './harness/run-benchmarks.ts';
import { startServer } from './harness/start-server.ts';

const print = (line: string): void => console.log(line);

function list(): void {
  for (const { name, measures, settings } of benchmarks) {
    const shown = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
    print(`${name}: ${measures}\n    ${shown.join('  ')}`);
  }
}

async function measure(serverUrl: string, options: CommandLine): Promise<void> {
  const chosen = chooseBenchmarks(benchmarks, options.only);
  const facts = await machineFacts(serverUrl);
  print(
    `PostgreSQL ${facts.postgres}, Node ${facts.node}, ${facts.cores} × ${facts.processor}, ${facts.commit}`,
  );
  const results = await runBenchmarks(chosen, serverUrl, options, print);
  if (options.jsonFile !== undefined) {
    await writeFile(options.jsonFile, `${JSON.stringify({ facts, results }, undefined, 2)}\n`);
  }
  const failed = results.flatMap(result => result.contenders).some(({ failure }) => failure !== undefined);
  if (failed) process.exitCode = 1;
}

async function main(args: readonly string[]): Promise<void> {
  const options = readCommandLine(args);
  if (options.isList) {
    list();
    return;
  }
  if (options.hasPeers) await loadPeer('@event-driven-io/emmett-postgresql');
  const server = options.serverUrl === undefined ? await startServer() : undefined;
  try {
    await measure(server?.url ?? options.serverUrl!, options);
  } finally {
    await server?.remove();
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof WrongUsage ? `${error.message}\n\n${usage}` : error);
  process.exit(error instanceof WrongUsage ? 2 : 1);
}
