import { append } from './append.ts';
import { appendSlowDisk } from './append-slow-disk.ts';
import { bulk } from './bulk.ts';
import { catchUp } from './catch-up.ts';
import { disk } from './disk.ts';
import { embeddedStore } from './embedded.ts';
import { feed } from './feed.ts';
import { growth } from './growth.ts';
import type { Benchmark } from './harness/benchmark.ts';
import { hotAggregate } from './hot-aggregate.ts';
import { idle } from './idle.ts';
import { latency } from './latency.ts';
import { orderCost } from './order-cost.ts';
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
  latency,
  undelivered,
  idle,
  embeddedStore,
  disk,
  growth,
];
