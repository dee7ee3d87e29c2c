import { AnnalsError } from '../../domain/index.ts';
import type { ProjectionId, ShardId } from './projection-states.ts';

/** A batch found its checkpoint elsewhere than it began, or its epoch ended. Nothing was written. */
export class CheckpointMoved extends AnnalsError {
  readonly code = 'checkpoint-moved';
  readonly shard: ShardId;
  /** Where the checkpoint is; undefined if it is gone. */
  readonly actual: number | undefined;
  /** Whether somebody else runs the shard now, or an operator changed it. */
  readonly isClaimedAnew: boolean;

  constructor(shard: ShardId, from: number, actual: number | undefined, isClaimedAnew: boolean) {
    const where = isClaimedAnew ? 'has another runner now' : `is at ${actual ?? 'no position'}`;
    super(
      `Shard ${shard.shard} of projection "${shard.name}" v${shard.version} began a batch at position ${from}, ` +
        `but its checkpoint ${where}. The batch was undone.`,
    );
    this.shard = shard;
    this.actual = actual;
    this.isClaimedAnew = isClaimedAnew;
  }
}

/** A build of a projection was removed while somebody read or wrote it. */
export class BuildGone extends AnnalsError {
  readonly code = 'build-gone';

  constructor({ name, version, generation }: ProjectionId, options?: ErrorOptions) {
    super(
      `Build ${generation} of projection "${name}" v${version} was removed. Read the build that is live.`,
      options,
    );
  }
}

/** Something that a team has built on a table or view of a projection keeps it from being removed or changed. */
export class BuildInUse extends AnnalsError {
  readonly code = 'build-in-use';
  /** The table or view. */
  readonly relation: string;
  /** The views that are built on it. */
  readonly views: readonly string[];

  constructor(relation: string, views: readonly string[], options?: ErrorOptions) {
    const what = views.length === 0 ? 'Something' : `View ${views.join(', ')}`;
    super(
      `${what} depends on ${relation}, which would be removed or get other columns, so nothing was changed. ` +
        'Drop what depends on it, swap or drop again, and make it anew.',
      options,
    );
    this.relation = relation;
    this.views = views;
  }
}

/** Two projections would show a table under one name: `orders` its `by_day`, and `orders_by` its `day`. */
export class ViewTaken extends AnnalsError {
  readonly code = 'view-taken';
  readonly view: string;
  readonly projection: string;

  /** @param shows - what is to be seen there already */
  constructor(view: string, projection: string, shows: string) {
    super(
      `Projection "${projection}" would show one of its tables as "${view}", which shows ${shows}. ` +
        'Nothing was changed. Rename the projector or its table.',
    );
    this.view = view;
    this.projection = projection;
  }
}
