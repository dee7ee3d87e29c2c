import type { Actor } from '../../../domain/index.ts';
import type { Projections } from '../../../projections/index.ts';
import type { Role } from '../access/identity.ts';
import { operationBodies } from './operation-schemas.ts';
import type { OperationBody } from './operation-schemas.ts';
import { comparisonOnWire } from './operations-on-wire.ts';

/** What an operation is done with; its schema asks for the fields that are `Given`. */
export interface Asked<Given extends keyof OperationBody = never> {
  readonly name: string;
  readonly body: OperationBody & Required<Pick<OperationBody, Given>>;
  readonly actor: Actor;
}

/** Something that operators do to a projection. */
export interface Verb {
  /** Behind the projection in the address. */
  readonly path: string;
  readonly summary: string;
  /** `admin` where something is given up for good, or may be done twice. */
  readonly role: Role;
  readonly body: object;
  /** Default 200; 202 for what goes on afterwards. */
  readonly status?: number;
  readonly run: Run<never>;
}

type Run<Given extends keyof OperationBody> = (
  projections: Projections,
  asked: Asked<Given>,
) => Promise<unknown>;

const { plain, ofBuild } = operationBodies;

/** Everything that operators do to a projection. */
export const verbs: readonly Verb[] = [
  verb('pause', 'Stop handling events until it is resumed', ofBuild, (projections, asked) =>
    projections.pause(asked.name, common(asked)),
  ),
  verb('resume', 'Go on after a pause or a stop', ofBuild, (projections, asked) =>
    projections.resume(asked.name, common(asked)),
  ),
  {
    ...verb('rebuild', 'Build it anew beside the live one', operationBodies.rebuild, rebuild),
    status: 202,
  },
  verb('cancel-rebuild', 'Give up what is being built', plain, (projections, asked) =>
    projections.cancelRebuild(asked.name, common(asked)),
  ),
  verb(
    'compare',
    'Compare what is being built with the live one',
    operationBodies.compare,
    async (projections, { name, body }) => comparisonOnWire(await projections.compare(name, body.sample)),
  ),
  verb('swap', 'Let what was built take the live one’s place', operationBodies.swap, swap),
  verb('roll-back', 'Let the kept build serve again', plain, (projections, asked) =>
    projections.rollBack(asked.name, common(asked)),
  ),
  forAdmins(
    verb('drop', 'Remove the kept build', operationBodies.drop, (projections, asked) =>
      projections.drop(asked.name, common(asked)),
    ),
  ),
  verb('parked/retry', 'Handle parked events again', operationBodies.retry, retry),
  forAdmins(verb('parked/discard', 'Give up the parked events of a key', operationBodies.discard, discard)),
  forAdmins(
    verb<'position' | 'reason'>(
      'skip',
      'Give up one event that is parked or has stopped it',
      operationBodies.skip,
      (projections, asked) => {
        const { position, reason } = asked.body;
        return projections.skip(asked.name, position, reason, common(asked));
      },
    ),
  ),
  forAdmins(
    verb<'position'>('reset', 'Set its checkpoint', operationBodies.reset, (projections, asked) => {
      const { position, fires_again: firesAgain } = asked.body;
      return projections.reset(asked.name, position, { ...common(asked), firesAgain });
    }),
  ),
  verb<'shards'>(
    'reshard',
    'Divide its keys into another number of shards',
    operationBodies.reshard,
    (projections, asked) => projections.reshard(asked.name, asked.body.shards, common(asked)),
  ),
];

function verb<Given extends keyof OperationBody = never>(
  path: string,
  summary: string,
  body: object,
  run: Run<Given>,
): Verb {
  return { path, summary, role: 'operator', body, run: run as Run<never> };
}

function forAdmins(operation: Verb): Verb {
  return { ...operation, role: 'admin' };
}

function common({ body: { reason, build }, actor }: Asked): Pick<OperationBody, 'reason' | 'build'> & {
  readonly actor: Actor;
} {
  return { actor, ...(reason === undefined ? {} : { reason }), ...(build === undefined ? {} : { build }) };
}

async function rebuild(projections: Projections, asked: Asked): Promise<object> {
  const { shards, ...body } = asked.body;
  const generation = await projections.beginRebuild(asked.name, {
    ...{ ...common(asked), shards, swapsByItself: body.swaps_by_itself },
    ...{ allowsParked: body.allows_parked, maxEventsPerSecond: body.max_events_per_second },
  });
  return { generation };
}

async function swap(projections: Projections, asked: Asked): Promise<object> {
  const { compare, allows_parked: allowsParked } = asked.body;
  const comparison = await projections.swap(asked.name, { ...common(asked), compare, allowsParked });
  return { comparison: comparison === undefined ? null : comparisonOnWire(comparison) };
}

async function retry(projections: Projections, asked: Asked): Promise<object> {
  const { key } = asked.body;
  const { handled, failedKeys } = await projections.retryParked(asked.name, key, common(asked));
  return { handled, failed_keys: failedKeys };
}

async function discard(projections: Projections, asked: Asked<'key' | 'reason'>): Promise<object> {
  const { key, reason } = asked.body;
  return { discarded: await projections.discardParked(asked.name, key, reason, common(asked)) };
}
