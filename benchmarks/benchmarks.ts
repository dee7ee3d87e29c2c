import { append } from './append.ts';
import { appendSlowDisk } from './append-slow-disk.ts';
import { bulk } from './bulk.ts';
import { catchUp } from './catch-up.ts';
import { disk } from './disk.ts';
import { documentProjector } from './document-projector.ts';
import { embeddedStore } from './embedded.ts';
import { feed } from './feed.ts';
import { growth } from './growth.ts';
import type { Benchmark } from './harness/benchmark.ts';
import { hotAggregate } from './hot-aggregate.ts';
import { http } from './http.ts';
import { idle } from './idle.ts';
import { inlineProjector } from './inline-projector.ts';
import { latency } from './latency.ts';
import { orderCost } from './order-cost.ts';
import { pausedServer } from './paused-server.ts';
import { rebuild } from './rebuild.ts';
import { streamLoad } from './stream-load.ts';
import { undelivered } from './undelivered.ts';

/** All benchmarks, in the order in which they are run. */
export const benchmarks: readonly Benchmark[] = [
  append,
  appendSlowDisk,
  orderCost,
  bulk,
  streamLoad,
  hotAggregate,
  feed,
  catchUp,
  documentProjector,
  inlineProjector,
  rebuild,
  latency,
  http,
  undelivered,
  idle,
  embeddedStore,
  disk,
  growth,
  pausedServer,
];
