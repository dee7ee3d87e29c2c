import type { SampleEvent } from '../harness/workload.ts';

/** An event store as the benchmarks know it. */
export interface EventLog extends AsyncDisposable {
  /** Appends to a stream that is at `version`, and fails if it is not. */
  append(streamId: string, version: number, events: readonly SampleEvent[]): Promise<unknown>;
}

/** The connections that everybody gets who does not choose the number himself: Emmett was measured best with 32. */
export const poolSize = 32;
