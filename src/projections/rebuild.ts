import type { EventStore } from '../application/ports/event-store.ts';
import type { Logger } from '../application/ports/logger.ts';
import type {
  ProjectionId,
  ReadModelStore,
  ReadModelTransaction,
} from '../application/ports/read-model-store.ts';
import type { Projection } from './projection.ts';
import { runAlone } from './lease.ts';
import { NotStored, RebuildUnderWay } from './projection-errors.ts';
import { ProjectionRunner } from './projection-runner.ts';

/**
 * Builds a projection anew beside the one in use, then puts it in its place in one transaction.
 *
 * Readers see the old rows until then. A rebuild that was cut off starts from scratch next time. The runner
 * of the projection must be stopped; an inline projection goes on, and its writers wait for the last step.
 * What is parked is handled like everything else; what fails is parked anew.
 *
 * @throws {RebuildUnderWay} another node is at it
 * @throws {NotStored} there is nothing to rebuild
 */
export async function rebuildProjection(
  projection: Projection,
  stores: { events: EventStore; readModels: ReadModelStore },
  logger: Logger,
): Promise<void> {
  const { name, version, mode } = projection;
  if (projection.react !== undefined || mode === 'live') throw new NotStored(name, 'be rebuilt');
  const lock: ProjectionId = { name: `${name}@lock`, version };
  const refusal = (): Error => new RebuildUnderWay(name);
  await runAlone(stores.readModels, lock, refusal, claim =>
    buildAndReplace(projection, stores, logger, claim),
  );
}

async function buildAndReplace(
  projection: Projection,
  stores: { events: EventStore; readModels: ReadModelStore },
  logger: Logger,
  claim: () => Promise<void>,
): Promise<void> {
  const { readModels } = stores;
  const built: ProjectionId = { name: `${projection.name}@rebuild`, version: projection.version };
  await readModels.drop(built, projection.tables);
  await readModels.prepare(built, projection.tables, 0);
  await new ProjectionRunner(projection, built, stores, logger).catchUp(claim);
  await readModels.transaction(async transaction => {
    await transaction.lockInline(projection, 'rebuild');
    await transaction.lockCheckpoint(projection);
    if (projection.mode === 'inline') await catchUpWithin(transaction, projection, built);
    await transaction.replace(projection, built, projection.tables);
  });
}

/* No append can be under way now, so what is committed is all there is. */
async function catchUpWithin(
  transaction: ReadModelTransaction,
  projection: Projection,
  built: ProjectionId,
): Promise<void> {
  let { position } = await transaction.lockCheckpoint(built);
  for (;;) {
    const events = await transaction.readEvents(position, projection.types, projection.batchSize);
    const last = events.at(-1);
    if (last === undefined) return;
    await projection.project(events, transaction, built);
    await transaction.moveCheckpoint(built, position, last.position);
    position = last.position;
  }
}
