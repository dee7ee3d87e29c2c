import { callerLine } from './caller-line.ts';
import { ScenarioNotAwaited } from './scenario-failed.ts';

interface Pending {
  readonly subject: string;
  readonly line: string;
}

/* Scenarios of the test that runs now which nobody has awaited yet. */
const pending = new Set<Pending>();

// `await` asks in the first turn; returning from an async function takes two more.
const awaitTurns = 4;

type Hook = (run: () => void | Promise<void>) => void;
interface Hooks {
  readonly beforeEach?: Hook;
  readonly afterEach?: Hook;
}

/* The runner's own hooks: those that it offers to everybody (jest, vitest with globals), or those of node:test. */
const isHooked = hookIntoRunner();

function hookIntoRunner(): boolean {
  const { beforeEach, afterEach } = hooksOfRunner();
  if (typeof beforeEach !== 'function' || typeof afterEach !== 'function' || isInsideTest()) return false;
  // What was made outside of a test is a beginning that tests share.
  beforeEach(() => pending.clear());
  afterEach(() => failIfPending());
  return true;
}

function hooksOfRunner(): Hooks {
  const global = globalThis as Hooks;
  if (global.afterEach !== undefined || process.env.NODE_TEST_CONTEXT === undefined) return global;
  // Asked for where it runs already, node:test does nothing that it would not do anyway.
  const { getBuiltinModule } = process as { getBuiltinModule?: (name: string) => Hooks };
  return getBuiltinModule?.('node:test') ?? global;
}

/* Loaded by a test that runs already, this comes too late for hooks; runners fail a test that adds one. */
function isInsideTest(): boolean {
  const { expect } = globalThis as { expect?: { getState?: () => { currentTestName?: string } } };
  return expect?.getState?.().currentTestName !== undefined;
}

/** Notes a scenario that must be awaited before its test ends; the returned function tells that it is. */
export function mustBeAwaited(subject: string): () => void {
  const scenario: Pending = { subject, line: callerLine() };
  pending.add(scenario);
  if (!isHooked) afterTurns(awaitTurns, () => failIfPending([scenario]));
  return () => void pending.delete(scenario);
}

/*
 * Without a hook the failure is thrown where every runner sees it: nowhere, as an uncaught error. Soon enough that
 * the test has not ended, and late enough that the `await` behind the scenario has had its turn.
 */
function afterTurns(turns: number, check: () => void): void {
  queueMicrotask(turns === 0 ? check : () => afterTurns(turns - 1, check));
}

function failIfPending(scenarios: Iterable<Pending> = [...pending]): void {
  const [first] = [...scenarios].filter(scenario => pending.has(scenario));
  if (isHooked) pending.clear();
  if (first === undefined) return;
  pending.delete(first);
  throw new ScenarioNotAwaited(first.subject, first.line);
}
