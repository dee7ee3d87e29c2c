import { append } from './append.ts';
import { feed } from './feed.ts';
import type { Benchmark } from './harness/benchmark.ts';
import { streamLoad } from './stream-load.ts';

/** All benchmarks, in the order in which they are run. */
export const benchmarks: readonly Benchmark[] = [append, streamLoad, feed];
