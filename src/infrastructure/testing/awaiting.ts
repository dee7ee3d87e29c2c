import { callerLine } from './caller-line.ts';
import { currentTestName, hooksOfRunner, vitest } from './runner.ts';
import { ScenarioNotAwaited } from './scenario-failed.ts';

interface Pending {
  readonly subject: string;
  readonly line: string;
  /** Whether it says what must come of it. */
  readonly hasEnd: boolean;
}

/* Scenarios of the test that runs now which nobody has awaited yet. */
const pending = new Set<Pending>();

// `await` asks in the first turn; returning from an async function takes two more.
const awaitTurns = 4;

const isHooked = hookIntoRunner();

function hookIntoRunner(): boolean {
  const { beforeEach, afterEach } = hooksOfRunner();
  if (typeof beforeEach !== 'function' || typeof afterEach !== 'function') return false;
  // vitest may keep this module for several files, so it is asked test by test. Loaded by a test that runs already,
  // this comes too late for hooks; runners fail a test that adds one.
  if (vitest() !== undefined || currentTestName() !== undefined) return false;
  // What was made outside of a test is a beginning that tests share.
  beforeEach(() => pending.clear());
  afterEach(() => failIfPending());
  return true;
}

/** Notes a scenario that has come to its `when`, and must go on; the returned function tells that it does. */
export function mustGoOn(subject: string): () => void {
  return note({ subject, line: callerLine(), hasEnd: false });
}

/** Notes a scenario that must be awaited before its test ends; the returned function tells that it is. */
export function mustBeAwaited(subject: string): () => void {
  return note({ subject, line: callerLine(), hasEnd: true });
}

function note(scenario: Pending): () => void {
  if (isWatched(scenario)) pending.add(scenario);
  return () => void pending.delete(scenario);
}

/* Whether somebody looks, when its test ends, whether it was awaited. */
function isWatched(scenario: Pending): boolean {
  const onTestFinished = vitest()?.onTestFinished;
  if (onTestFinished !== undefined) return isWatchedInTest(scenario, onTestFinished);
  if (isHooked) return true;
  // Nothing tells whether a test runs: what has no end may be a beginning that tests share.
  if (scenario.hasEnd) afterTurns(awaitTurns, () => failIfPending([scenario]));
  return scenario.hasEnd;
}

function isWatchedInTest(scenario: Pending, onTestFinished: (run: () => void) => void): boolean {
  try {
    onTestFinished(() => failIfPending([scenario]));
    return true;
  } catch {
    // No test runs: it is a beginning that tests share.
    return false;
  }
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
  throw new ScenarioNotAwaited(first.subject, first.line, first.hasEnd);
}
