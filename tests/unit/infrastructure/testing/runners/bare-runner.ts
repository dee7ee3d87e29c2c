type Work = () => unknown;

const tests: { readonly name: string; readonly run: Work }[] = [];
const before: Work[] = [];
const after: Work[] = [];

/** Registers a test, as every runner does. */
export function test(name: string, run: Work): void {
  tests.push({ name, run });
}

/** The hooks that some runners offer to everybody. */
export const hooks = {
  beforeEach: (run: Work): unknown => before.push(run),
  afterEach: (run: Work): unknown => after.push(run),
};

/** Runs what was registered, one after another, and prints what came of it. */
export async function runAll(): Promise<void> {
  process.on('uncaughtException', error => print(`uncaught: ${firstLine(error)}`));
  for (const { name, run } of tests) {
    try {
      for (const hook of before) await hook();
      await run();
      for (const hook of after) await hook();
      print(`ok ${name}`);
    } catch (error) {
      print(`not ok ${name}: ${firstLine(error)}`);
    }
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function firstLine(error: unknown): string {
  return (error as Error).message.split('\n')[0]!;
}
