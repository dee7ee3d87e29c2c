type Hook = (run: () => void | Promise<void>) => void;
interface Expect {
  readonly getState?: () => { readonly currentTestName?: string };
}

/** What the kit asks of a test runner, which it never imports; each part may be missing. */
interface Runner {
  readonly beforeEach?: Hook;
  readonly afterEach?: Hook;
  readonly onTestFinished?: Hook;
  readonly expect?: Expect;
}

/** vitest, where it runs; with or without `globals` it leaves its own module where it can be found. */
export function vitest(): Runner | undefined {
  return (globalThis as { __vitest_index__?: Runner }).__vitest_index__;
}

/** The hooks that the runner offers to everybody (jest, and others with globals), or those of node:test. */
export function hooksOfRunner(): Runner {
  const global = globalThis as Runner;
  if (global.afterEach !== undefined || process.env.NODE_TEST_CONTEXT === undefined) return global;
  // Asked for where it runs already, node:test does nothing that it would not do anyway.
  const { getBuiltinModule } = process as { getBuiltinModule?: (name: string) => Runner };
  return getBuiltinModule?.('node:test') ?? global;
}

/** The name of the test that runs, with those of its suites; undefined outside of tests and where no runner tells. */
export function currentTestName(): string | undefined {
  const { expect } = vitest() ?? (globalThis as Runner);
  return expect?.getState?.().currentTestName;
}
