import type { App } from '../../di/app.ts';
import { ScenarioFailed } from '../scenario-failed.ts';

/** Enough for a database that has just started on a busy machine; a projection that stops is told of at once. */
export const patienceMs = 120_000;

// Reactions to reactions to reactions: more rounds than any story means, and fewer than patience allows.
const mostRounds = 100;

/** Waits until every projection has handled everything, and what reactions set in motion as well. */
export async function settle({ events, projections }: Pick<App, 'events' | 'projections'>): Promise<void> {
  for (let round = 0; round < mostRounds; round++) {
    const position = await events.settledPosition();
    await projections.catchUp({ timeoutMs: patienceMs });
    if ((await events.settledPosition()) !== position) continue;
    return refuseParked(projections);
  }
  throw new ScenarioFailed(
    `Reactions have set each other in motion ${mostRounds} times and are not at rest. Does one react to its own events?`,
  );
}

/* In production the rest would go on; here the projector that fails is what the reader wants to know. */
async function refuseParked(projections: App['projections']): Promise<void> {
  const failing = (await projections.list()).find(({ parked }) => parked.events > 0);
  if (failing === undefined) return;
  const { name, version, parked } = failing;
  throw new ScenarioFailed(
    `The projection "${name}" v${version} failed: ${parked.events} of its events are parked. ` +
      'Tell its story with projectionFor to see the error.',
  );
}
