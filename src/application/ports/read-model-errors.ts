import { AnnalsError } from '../../domain/index.ts';
import type { ProjectionId } from './read-model-store.ts';

/** A batch found its checkpoint elsewhere than it began: another runner handled it. Nothing was written. */
export class CheckpointMoved extends AnnalsError {
  readonly code = 'checkpoint-moved';
  readonly projection: ProjectionId;
  /** Undefined if the checkpoint is gone. */
  readonly actual: number | undefined;

  constructor(projection: ProjectionId, from: number, actual: number | undefined) {
    super(
      `Projection "${projection.name}" v${projection.version} began a batch at position ${from}, ` +
        `but its checkpoint is at ${actual ?? 'no position'}. Another runner was faster; this batch was undone.`,
    );
    this.projection = projection;
    this.actual = actual;
  }
}
