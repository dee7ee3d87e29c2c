import { appendFileSync } from 'node:fs';
import { DocumentProjector, Event, EventHandler, On, Projector, TableProjector } from '../../../src/index.ts';
import type { Class, Recorded, TableTransaction } from '../../../src/index.ts';

/* What the nodes of the projection faults run. Every read model shows the order of its events, and each one twice. */

@Event('thing.moved')
export class Moved {
  constructor(
    readonly amount: number,
    readonly isPoison: boolean,
  ) {}
}

/** What all events of a key leave behind. */
export interface Digest {
  readonly count: number;
  readonly hash: number;
}

/** The fold of both versions; they differ, so rows tell who wrote them. */
export function digest(
  { count, hash }: Digest = { count: 0, hash: 0 },
  amount: number,
  version: number,
): Digest {
  return { count: count + 1, hash: (hash * (version === 1 ? 31 : 37) + amount) % 1_000_003 };
}

/** Whether poison harms now. */
export const poison = { isOn: true };

@Projector('digests', { shards: 3, attempts: 2 })
export class Digests extends DocumentProjector<Digest> {
  @On(Moved) moved(doc: Digest | undefined, { payload }: Recorded<Moved>) {
    if (payload.isPoison && poison.isOn) throw new RangeError('poison');
    return digest(doc, payload.amount, 1);
  }
}

/* Poison stops it. */
@Projector('strict_digests', { shards: 2, attempts: 1, onFailure: 'stop' })
export class StrictDigests extends Digests {}

/* A little poison is parked, more of it stops it. */
@Projector('few_digests', { attempts: 1, maxParked: 20 })
export class FewDigests extends Digests {}

@Projector('digests', { version: 2, shards: 2, attempts: 2 })
export class NewDigests extends DocumentProjector<Digest> {
  @On(Moved) moved(doc: Digest | undefined, { payload }: Recorded<Moved>) {
    if (payload.isPoison && poison.isOn) throw new RangeError('poison');
    return digest(doc, payload.amount, 2);
  }
}

@Projector('move_rows', { shards: 2 })
export class MoveRows extends TableProjector {
  readonly tables = { moves: 'number bigint generated always as identity, thing text, position bigint' };

  @On(Moved) async moved({ aggregateId, position }: Recorded<Moved>, tx: TableTransaction) {
    await tx.query(`insert into ${tx.table('moves')} (thing, position) values ($1, $2)`, [
      aggregateId,
      position,
    ]);
  }
}

class Tallies extends DocumentProjector<Digest> {
  @On(Moved) moved(doc: Digest | undefined, { payload }: Recorded<Moved>) {
    return digest(doc, payload.amount, 1);
  }
}

@Projector('tallies', { mode: 'inline' })
export class InlineTallies extends Tallies {}

@Projector('tallies', { mode: 'async', shards: 2 })
export class AsyncTallies extends Tallies {}

/** An event handler that writes down what it was called for, in one file that all processes share. */
export function reactionsTo(file: string): Class {
  @Projector('reactions')
  class Reactions extends EventHandler {
    @On(Moved) moved({ aggregateId, version }: Recorded<Moved>) {
      appendFileSync(file, `${aggregateId} ${version}\n`);
    }
  }
  return Reactions;
}
