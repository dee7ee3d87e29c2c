import { checkAppends } from '../events/prepare-append.ts';
import type { AppendResult, StreamAppend } from '../ports/event-store.ts';
import { StreamVersionConflict } from '../ports/event-store-errors.ts';
import type { Measure, Span, Telemetry } from '../ports/telemetry.ts';
import { errorType } from './error-type.ts';
import { instruments } from './instruments.ts';
import { withTrace } from './trace-metadata.ts';

type Append = (appends: readonly StreamAppend[]) => Promise<readonly AppendResult[]>;

/** Traces and counts appends. */
export class AppendTelemetry {
  readonly #telemetry: Telemetry;
  readonly #duration: Measure;
  readonly #appends: Measure;
  readonly #events: Measure;
  readonly #conflicts: Measure;

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
    this.#duration = telemetry.histogram(instruments.appendDuration);
    this.#appends = telemetry.counter(instruments.appends);
    this.#events = telemetry.counter(instruments.appendedEvents);
    this.#conflicts = telemetry.counter(instruments.conflicts);
  }

  /** Runs an append in a span, whose context its events carry. */
  async run(appends: readonly StreamAppend[], append: Append): Promise<readonly AppendResult[]> {
    checkAppends(appends);
    // Aggregates' ids stay out: an id may be somebody's mail address.
    const types = [...new Set(appends.map(({ stream }) => stream.aggregateType))].sort();
    const attributes = {
      'messaging.system': 'annals',
      'messaging.operation.name': 'append',
      'messaging.operation.type': 'send',
      'messaging.destination.name': types.join(','),
      'messaging.batch.message_count': appends.reduce((sum, { events }) => sum + events.length, 0),
    };
    const name = types.length === 1 ? `append ${types[0]}` : 'append';
    return this.#telemetry.trace(name, { kind: 'producer', attributes }, span =>
      this.#measured(span, appends, append),
    );
  }

  async #measured(
    span: Span,
    appends: readonly StreamAppend[],
    append: Append,
  ): Promise<readonly AppendResult[]> {
    const { context } = span;
    const startedAtMs = performance.now();
    try {
      const results = await append(
        context === undefined ? appends : appends.map(one => withTrace(one, context)),
      );
      this.#succeeded(span, startedAtMs, results);
      return results;
    } catch (error) {
      this.#failed(startedAtMs, error);
      throw error;
    }
  }

  #succeeded(span: Span, startedAtMs: number, results: readonly AppendResult[]): void {
    const isRepeated = results.some(({ repeated }) => repeated);
    this.#count(startedAtMs, { 'annals.append.outcome': isRepeated ? 'repeated' : 'stored' });
    const lastPosition = Math.max(0, ...results.map(result => result.lastPosition));
    const stored = results.reduce((sum, result) => sum + (result.repeated ? 0 : result.positions.length), 0);
    if (stored > 0) this.#events(stored);
    span.set({ 'annals.append.repeated': isRepeated, 'annals.position': lastPosition });
  }

  #failed(startedAtMs: number, error: unknown): void {
    const isConflict = error instanceof StreamVersionConflict;
    if (isConflict) this.#conflicts(1);
    const outcome = isConflict ? 'conflict' : 'failed';
    this.#count(startedAtMs, { 'annals.append.outcome': outcome, 'error.type': errorType(error) });
  }

  #count(startedAtMs: number, attributes: Readonly<Record<string, string>>): void {
    this.#duration((performance.now() - startedAtMs) / 1_000, attributes);
    this.#appends(1, attributes);
  }
}
