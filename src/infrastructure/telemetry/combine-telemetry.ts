import type { Span, Telemetry } from '../../application/ports/telemetry.ts';

/** Tells several what an app does, e.g. `combineTelemetry(await openTelemetry(), prometheus())`. */
export function combineTelemetry(...all: readonly Telemetry[]): Telemetry {
  return {
    trace: (name, options, work) => {
      const within = all.reduceRight<(spans: readonly Span[]) => ReturnType<typeof work>>(
        (inner, each) => spans => each.trace(name, options, span => inner([...spans, span])),
        spans => work(combineSpans(spans)),
      );
      return within([]);
    },
    currentTrace: () => all.map(each => each.currentTrace()).find(trace => trace !== undefined),
    counter: instrument => combineMeasures(all.map(each => each.counter(instrument))),
    histogram: instrument => combineMeasures(all.map(each => each.histogram(instrument))),
    observe: (instruments, measure) => {
      const ends = all.map(each => each.observe(instruments, () => measure()));
      return () => ends.forEach(end => end());
    },
  };
}

type Measure = ReturnType<Telemetry['counter']>;

function combineMeasures(measures: readonly Measure[]): Measure {
  return (value, attributes) => measures.forEach(measure => measure(value, attributes));
}

function combineSpans(spans: readonly Span[]): Span {
  return {
    get context() {
      return spans.map(span => span.context).find(context => context !== undefined);
    },
    set: attributes => spans.forEach(span => span.set(attributes)),
    fail: errorType => spans.forEach(span => span.fail(errorType)),
  };
}
