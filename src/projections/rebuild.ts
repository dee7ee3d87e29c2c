import type { EventStore } from '../application/ports/event-store.ts';
import type { Logger } from '../application/ports/logger.ts';
import type {
  ProjectionId,
  ReadModelStore,
  ReadModelTransaction,
} from '../application/ports/read-model-store.ts';
import { HandlerProjection } from './handler-projection.ts';
import type { Projection } from './projection.ts';
import { NotStored } from './projection-errors.ts';
import { ProjectionRunner } from './projection-runner.ts';

/**
 * Builds a projection anew beside the one in use, then puts it in its place in one transaction.
 *
 * Readers see the old rows until then. A rebuild that was cut off starts from scratch next time. The runner
 * of the projection must be stopped; an inline projection goes on, and its writers wait for the last step.
 */
export async function rebuildProjection(
  projection: Projection,
  stores: { events: EventStore; readModels: ReadModelStore },
  logger: Logger,
): Promise<void> {
  if (projection instanceof HandlerProjection) throw new NotStored(projection.name, 'be rebuilt');
  const { readModels } = stores;
  const built: ProjectionId = { name: `${projection.name}@rebuild`, version: projection.version };
  await readModels.drop(built, projection.tables);
  await readModels.prepare(built, projection.tables, 0);
  await new ProjectionRunner(projection, built, stores, logger).catchUp();
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
  let position = await transaction.lockCheckpoint(built);
  for (;;) {
    const events = await transaction.readEvents(position, projection.types, projection.batchSize);
    const last = events.at(-1);
    if (last === undefined) return;
    await projection.project(events, transaction, built);
    await transaction.moveCheckpoint(built, position, last.position);
    position = last.position;
  }
}
