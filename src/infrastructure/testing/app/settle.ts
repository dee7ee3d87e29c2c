import type { App } from '../../di/app.ts';
import type { FailureLog } from '../projections/failure-log.ts';
import { refuseParked } from '../projections/refuse-parked.ts';
import { ScenarioFailed } from '../scenario-failed.ts';

/** Enough for a database that has just started on a busy machine; a projection that stops is told of at once. */
export const patienceMs = 120_000;

// Reactions to reactions to reactions: more rounds than any story means, and fewer than patience allows.
const mostRounds = 100;

/** Waits until every projection has handled everything, and what reactions set in motion as well. */
export async function settle(app: App, failures: FailureLog | undefined): Promise<void> {
  const { events, projections } = app;
  for (let round = 0; round < mostRounds; round++) {
    const position = await events.settledPosition();
    await projections.catchUp({ timeoutMs: patienceMs });
    if ((await events.settledPosition()) !== position) continue;
    return refuseParked(app, failures);
  }
  throw new ScenarioFailed(
    `Reactions have set each other in motion ${mostRounds} times and are not at rest. Does one react to its own events?`,
  );
}
