import { SingleBar } from 'cli-progress';

/** Where a command writes to, and how it is stopped. */
export interface Terminal {
  readonly out: NodeJS.WritableStream;
  /** For everything that is not the answer itself. */
  readonly notes: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly signal?: AbortSignal | undefined;
}

/** Shows how far something is. */
export interface Progress {
  /** Tells how much there is in all, once it is known. */
  expect(total: number): void;
  /**
   * Tells how much is done.
   *
   * @param events - how many events that took, if a rate is to be shown
   */
  show(done: number, events?: number): void;
  end(): void;
}

const lineEveryMs = 2_000;

/** A bar on a terminal, a line every two seconds elsewhere. */
export function showProgress({ notes }: Terminal, unit: string): Progress {
  return notes.isTTY === true ? newBar(notes, unit) : newLines(notes, unit);
}

function newBar(notes: NodeJS.WritableStream, unit: string): Progress {
  const format = `{bar} {percentage}% · {value} of {total} ${unit}{rate} · {eta_formatted} left`;
  const bar = new SingleBar({ format, stream: notes, hideCursor: true, etaBuffer: 50 });
  const startedMs = performance.now();
  bar.start(0, 0, { rate: '' });
  return {
    expect: total => bar.setTotal(total),
    show: (done, events) => bar.update(done, { rate: rateSince(startedMs, events) }),
    end: () => bar.stop(),
  };
}

function newLines(notes: NodeJS.WritableStream, unit: string): Progress {
  const startedMs = performance.now();
  let shownMs = startedMs;
  let total: number | undefined;
  return {
    expect: number => void (total = number),
    show(done, events) {
      const nowMs = performance.now();
      if (nowMs - shownMs < lineEveryMs) return;
      shownMs = nowMs;
      const share =
        total === undefined ? formatNumber(done) : `${formatNumber(done)} of ${formatNumber(total)}`;
      notes.write(`${share} ${unit}${rateSince(startedMs, events)}\n`);
    },
    end: () => undefined,
  };
}

function rateSince(startedMs: number, events: number | undefined): string {
  return events === undefined ? '' : ` · ${formatRate(events, performance.now() - startedMs)} events/s`;
}

/** Events per second, as people write it. */
export function formatRate(events: number, ms: number): string {
  return formatNumber(Math.round((events * 1_000) / Math.max(ms, 1)));
}

/** A number with commas. */
export function formatNumber(value: number): string {
  return value.toLocaleString('en-US');
}
