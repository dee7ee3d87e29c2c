import type { EventStore } from '../application/ports/event-store.ts';
import type { ProjectionState, ProjectionsView } from '../application/ports/projection-states.ts';
import type { ReadModelStore, ReadModelTransaction } from '../application/ports/read-model-store.ts';
import { nextGeneration } from './next-generation.ts';
import type { Projection } from './projection.ts';

/** What starts a build by itself says this in the record. */
const onDeploy = { actor: 'system', reason: 'another version was deployed' };

/**
 * Makes what a projection needs before it runs: its first build; or, where another version is live, a new one beside
 * that, as the projector's `onNewVersion` says. A version that is older than the live one is left alone.
 */
export async function prepareBuild(
  projection: Projection,
  { events, readModels }: { events: EventStore; readModels: ReadModelStore },
  view: ProjectionsView,
): Promise<void> {
  if (isPrepared(projection, view)) return;
  // A new handler reacts to what happens from now on; what it missed is history, not news.
  const startAt = projection.react === undefined ? 0 : await events.settledPosition();
  const { name, version, shards, tables } = projection;
  await readModels.changeStates(async transaction => {
    const { projections: builds } = await transaction.states.lock(name);
    const live = builds.find(build => build.status === 'live');
    if (live === undefined) {
      const first = { name, version, generation: nextGeneration(builds, version), shards, startAt };
      await transaction.states.add({ ...first, status: 'live' }, tables);
      await transaction.states.publish(first);
    } else if (live.version < version && projection.react !== undefined) {
      await takeOver(transaction, live, version);
    } else if (live.version < version && !builds.some(build => build.version === version)) {
      // What an operator has cancelled or dropped does not come back because some node starts.
      const isGivenUp = await transaction.states.isGivenUp(projection);
      if (!isGivenUp) await buildBeside(transaction, projection, builds);
    }
  });
}

/* A version that is live, is being built or was replaced needs nothing. */
function isPrepared({ name, version }: Projection, { projections }: ProjectionsView): boolean {
  const builds = projections.filter(build => build.name === name);
  const live = builds.find(build => build.status === 'live');
  if (live === undefined) return false;
  return live.version >= version || builds.some(build => build.version === version);
}

/* A reaction has nothing to build; the new version goes on where the old one stood, which stands still from now on. */
async function takeOver(
  { states }: ReadModelTransaction,
  live: ProjectionState,
  version: number,
): Promise<void> {
  await states.setVersion(live, version);
  const details = { from: live.version };
  await states.record({ action: 'take over', name: live.name, version, ...onDeploy, details });
}

async function buildBeside(
  { states }: ReadModelTransaction,
  { name, version, shards, tables, onNewVersion }: Projection,
  builds: readonly ProjectionState[],
): Promise<void> {
  if (onNewVersion === 'wait') return;
  const outdated = builds.find(build => build.status === 'building');
  if (outdated !== undefined && outdated.version > version) return;
  if (outdated !== undefined) await states.remove(outdated);
  const build = { name, version, generation: 1, shards, startAt: 0, status: 'building' } as const;
  const live = builds.find(({ status }) => status === 'live');
  // Document tables are alike, whatever the version; of others the columns may differ.
  const like = tables === 'documents' ? live : undefined;
  await states.add({ ...build, swapsByItself: onNewVersion === 'swap' }, tables, like);
  await states.record({ action: 'rebuild', name, version, ...onDeploy });
}
