/* One contender of one case in a process of its own; see harness/contender-process.ts. */
import { benchmarks } from './benchmarks.ts';
import { removeTemplate } from './contenders/pglite-folder.ts';
import type { Answer, ContenderAddress, Request } from './harness/contender-process.ts';
import { RunHere } from './harness/contender-run.ts';

function runOf(address: ContenderAddress): RunHere {
  const benchmark = benchmarks.find(each => each.name === address.benchmark)!;
  const found = benchmark.cases(address.settings).find(each => each.name === address.case);
  const contender = found?.contenders.find(each => each.name === address.contender);
  if (found === undefined || contender === undefined) {
    throw new Error(`${benchmark.name} has no contender "${address.contender}" in a case "${address.case}".`);
  }
  return new RunHere(contender, address.serverUrl, found.keepsData ?? false);
}

const run = runOf(JSON.parse(process.argv[2]!) as ContenderAddress);

async function answer(request: Request): Promise<Answer> {
  if (request === 'measure') return { sample: await run.measure() };
  await run.close();
  await removeTemplate();
  return { closed: true };
}

process.on('message', (request: Request) => {
  void answer(request)
    .catch((error: unknown) => ({ failure: error instanceof Error ? error.stack! : String(error) }))
    // Castore's adapter has no way to close its connections, which would keep the process alive.
    .then(given => process.send!(given, () => request === 'close' && process.exit()));
});
// Whoever asked is gone.
process.on('disconnect', () => process.exit());
