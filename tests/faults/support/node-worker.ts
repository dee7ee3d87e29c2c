/* A process of the projection faults: a node that runs projections, appends, and does what operators ask for. */
import { setTimeout as wait } from 'node:timers/promises';
import { AnnalsError } from '../../../src/index.ts';
import type { Class, Who } from '../../../src/index.ts';
import { createApp, defineModule, postgres, silentLogger } from '../../../src/infrastructure/di/index.ts';
import type { App } from '../../../src/infrastructure/di/index.ts';
import type { NodeAnswer, NodeOrder, NodePlan, ProjectionName } from './node-messages.ts';
import {
  AsyncTallies,
  Digests,
  FewDigests,
  InlineTallies,
  MoveRows,
  Moved,
  NewDigests,
  StrictDigests,
  poison,
  reactionsTo,
} from './projected-domain.ts';
import { randomFrom } from './random.ts';
import { shiftClock } from './shifted-clock.ts';

const things = 24;
const writerPauseMs = 8;
const startAgainMs = 50;

let app: App | undefined;
let classes: Readonly<Record<ProjectionName, Class>>;
let writing: Promise<void> = Promise.resolve();
let isStopping = false;

process.on('message', (order: NodeOrder) => {
  void obey(order).catch((error: unknown) => {
    tell({ said: 'problem', problem: describe(error) });
  });
});
process.on('disconnect', () => isStopping || process.exit());

async function obey(order: NodeOrder): Promise<void> {
  switch (order.do) {
    case 'run':
      return run(order.plan);
    case 'set clock':
      shiftClock(order.offsetMs);
      return;
    case 'stop':
      return stop();
    default:
      return operate(order);
  }
}

async function run(plan: NodePlan): Promise<void> {
  poison.isOn = plan.isPoisonOn;
  shiftClock(plan.clockOffsetMs);
  classes = {
    digests: plan.version === 1 ? Digests : NewDigests,
    move_rows: MoveRows,
    tallies: plan.tallies === 'inline' ? InlineTallies : AsyncTallies,
    strict_digests: StrictDigests,
    few_digests: FewDigests,
  };
  const projectors = [...Object.values(classes), reactionsTo(plan.reactionsFile)];
  while (app === undefined) {
    try {
      app = await createApp({
        store: postgres(plan.url, {
          ...{ schema: plan.schema, maxConnections: 5 },
          ...{ idleTransactionMs: 1_000, answerTimeoutMs: 4_000, connectTimeoutMs: 2_000 },
        }),
        modules: [defineModule({ events: [Moved], projectors })],
        logger: silentLogger,
        projectionPace: { beatMs: 150, leaseMs: 900 },
      });
    } catch (error) {
      // The server may just be away; whatever else it is, is a fault.
      if (!isRefusal(error)) throw error;
      await wait(startAgainMs);
    }
  }
  if (plan.writes) writing = write(app, plan.seed);
  tell({ said: 'running' });
}

async function write({ events }: App, seed: number): Promise<void> {
  const random = randomFrom(seed);
  while (!isStopping) {
    const stream = { aggregateType: 'thing', aggregateId: `t-${random.below(things)}` };
    const moved = Array.from({ length: 1 + random.below(3) }, () => ({
      type: 'thing.moved',
      payload: { amount: random.below(1_000), isPoison: random.chance(0.004) },
    }));
    // What is stored in the end is what counts; which appends are acknowledged is proven elsewhere.
    await events.append({ stream, expectedVersion: 'any', events: moved }).catch(() => undefined);
    await wait(random.below(writerPauseMs));
  }
}

async function operate(order: Extract<NodeOrder, { id: number }>): Promise<void> {
  const projector = classes[order.to];
  const { projections } = app!;
  const reason: Who = { actor: 'agent:faults', reason: 'to see what happens' };
  const steps: Record<typeof order.do, () => Promise<unknown>> = {
    rebuild: () => projections.rebuild(projector, { ...reason, allowsParked: true, shards: order.shards }),
    cancel: () => projections.cancelRebuild(projector, reason),
    swap: () => projections.swap(projector, { ...reason, allowsParked: true, compare: 'all' }),
    'roll back': () => projections.rollBack(projector, reason),
    drop: () => projections.drop(projector, reason),
    reshard: () => projections.reshard(projector, order.shards ?? 1, reason),
    retry: () => projections.retryParked(projector, undefined, reason),
    'pause and resume': async () => {
      await projections.pause(projector, reason);
      await projections.resume(projector, reason);
    },
    mend: () => mend(projector, reason),
  };
  try {
    await steps[order.do]();
    tell({ said: 'done', id: order.id });
  } catch (error) {
    if (isRefusal(error)) tell({ said: 'done', id: order.id, code: (error as { code: string }).code });
    else tell({ said: 'done', id: order.id, code: 'problem', problem: `${order.do}: ${describe(error)}` });
  }
}

/* Of each build; one that is not there, or of another version, is left to others. */
async function mend(projector: Class, reason: Who): Promise<void> {
  const { projections } = app!;
  for (const build of ['building', 'live', 'kept'] as const) {
    try {
      await projections.retryParked(projector, undefined, { ...reason, build });
      await projections.resume(projector, { ...reason, build });
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
}

/* What Annals or PostgreSQL says no to has a code; a bug of the code has none. */
function isRefusal(error: unknown): boolean {
  if (error instanceof AnnalsError) return true;
  const { code, message } = error as { code?: unknown; message?: string };
  return typeof code === 'string' || /connection/i.test(message ?? '');
}

async function stop(): Promise<void> {
  isStopping = true;
  await writing;
  await app?.stop();
  tell({ said: 'stopped' });
  // Nothing else may keep the process alive now.
  process.disconnect();
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function tell(answer: NodeAnswer): void {
  if (process.connected) process.send!(answer);
}
