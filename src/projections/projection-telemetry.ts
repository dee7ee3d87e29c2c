import type { ProjectionId } from '../application/ports/projection-states.ts';
import type {
  Measure,
  SpanOptions,
  Telemetry,
  TelemetryAttributes,
  TraceContext,
} from '../application/ports/telemetry.ts';
import { errorType } from '../application/telemetry/error-type.ts';
import { instruments } from '../application/telemetry/instruments.ts';
import { maxLinks, traceOf } from '../application/telemetry/trace-metadata.ts';
import type { Recorded } from '../domain/index.ts';

/** What a projection is told by. */
type NameAndVersion = Pick<ProjectionId, 'name' | 'version'>;

/** What became of a lease: `lost` is one that ran out, or that another node took. */
export type LeaseChange = 'acquired' | 'released' | 'lost';

/** Is told what projections do. */
export interface ProjectionTelemetry {
  /** Runs the handling of a batch, with its commit. */
  batch<T>(target: NameAndVersion, events: readonly Recorded[], work: () => Promise<T>): Promise<T>;
  /** Runs a reaction: what it dispatches goes on with the trace of the event. */
  reaction<T>(target: NameAndVersion, event: Recorded, work: () => Promise<T>): Promise<T>;
  rebuild<T>(target: NameAndVersion, work: () => Promise<T>): Promise<T>;
  /** A batch failed and is to be tried again. */
  retried(target: NameAndVersion, error: unknown): void;
  leaseChanged(target: NameAndVersion, shard: number, change: LeaseChange): void;
}

/** For an app that tells nobody. */
export const noProjectionTelemetry: ProjectionTelemetry = {
  batch: (_target, _events, work) => work(),
  reaction: (_target, _event, work) => work(),
  rebuild: (_target, work) => work(),
  retried: () => undefined,
  leaseChanged: () => undefined,
};

/** Traces and counts what projections do. */
export class ObservedProjections implements ProjectionTelemetry {
  readonly #telemetry: Telemetry;
  readonly #batchDuration: Measure;
  readonly #batchSize: Measure;
  readonly #retries: Measure;
  readonly #leaseChanges: Measure;

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
    this.#batchDuration = telemetry.histogram(instruments.batchDuration);
    this.#batchSize = telemetry.histogram(instruments.batchSize);
    this.#retries = telemetry.counter(instruments.retries);
    this.#leaseChanges = telemetry.counter(instruments.leaseChanges);
  }

  async batch<T>(target: NameAndVersion, events: readonly Recorded[], work: () => Promise<T>): Promise<T> {
    // A page without events only moves the checkpoint.
    if (events.length === 0) return work();
    const attributes = {
      ...consumes(target),
      'messaging.operation.name': 'project',
      'messaging.batch.message_count': events.length,
    };
    const span: SpanOptions = { kind: 'consumer', attributes, ...placeOf(events) };
    const startedAtMs = performance.now();
    let told: TelemetryAttributes = names(target);
    try {
      return await this.#telemetry.trace(`project ${target.name}`, span, work);
    } catch (error) {
      told = { ...told, 'error.type': errorType(error) };
      throw error;
    } finally {
      this.#batchDuration((performance.now() - startedAtMs) / 1_000, told);
      this.#batchSize(events.length, told);
    }
  }

  reaction<T>(target: NameAndVersion, event: Recorded, work: () => Promise<T>): Promise<T> {
    const attributes = {
      ...consumes(target),
      'messaging.operation.name': 'react',
      'messaging.message.id': event.eventId,
      'annals.event.type': event.type,
    };
    const trace = traceOf(event);
    const span: SpanOptions = { kind: 'consumer', attributes, ...(trace && { parent: trace }) };
    return this.#telemetry.trace(`react ${target.name}`, span, work);
  }

  rebuild<T>(target: NameAndVersion, work: () => Promise<T>): Promise<T> {
    const options: SpanOptions = { kind: 'internal', attributes: names(target) };
    return this.#telemetry.trace(`rebuild ${target.name}`, options, work);
  }

  retried(target: NameAndVersion, error: unknown): void {
    this.#retries(1, { ...names(target), 'error.type': errorType(error) });
  }

  leaseChanged(target: NameAndVersion, shard: number, change: LeaseChange): void {
    const place = { ...names(target), 'annals.projection.shard': shard };
    this.#leaseChanges(1, { ...place, 'annals.lease.change': change });
  }
}

/* A batch of one trace is a part of it; one of several follows from them all. */
function placeOf(events: readonly Recorded[]): Pick<SpanOptions, 'parent' | 'links'> {
  const byParent = new Map<string, TraceContext>();
  for (const event of events) {
    if (byParent.size === maxLinks) break;
    const trace = traceOf(event);
    if (trace !== undefined) byParent.set(trace.traceparent, trace);
  }
  const links = [...byParent.values()];
  const traceIds = new Set(links.map(({ traceparent }) => traceparent.split('-')[1]));
  return { parent: traceIds.size === 1 ? links[0]! : 'none', links };
}

/** The attributes that name a projection. */
export function names({ name, version }: NameAndVersion): TelemetryAttributes {
  return { 'annals.projection.name': name, 'annals.projection.version': version };
}

function consumes(target: NameAndVersion): TelemetryAttributes {
  return {
    ...names(target),
    'messaging.system': 'annals',
    'messaging.operation.type': 'process',
    'messaging.consumer.group.name': target.name,
  };
}
