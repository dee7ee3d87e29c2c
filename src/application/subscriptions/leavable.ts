import { onAbort } from '../on-abort.ts';

/**
 * An iterable whose loops can be left at any time, even while they wait for something that never comes.
 *
 * A plain generator cannot: its `return` waits for the `next` under way. Each loop is a run of its own.
 *
 * @param run - a generator that ends when the signal is aborted, and aborts `leaving` when it ends
 */
export function leavable<T>(
  run: (leaving: AbortController) => AsyncGenerator<T, void>,
  signal: AbortSignal | undefined,
): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => leavableIterator(run, signal) };
}

function leavableIterator<T>(
  run: (leaving: AbortController) => AsyncGenerator<T, void>,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<T> {
  const leaving = new AbortController();
  const generator = run(leaving);
  let isBegun = false;
  const begin = (): void => {
    isBegun = true;
    if (signal?.aborted === true) leaving.abort();
    if (signal !== undefined)
      leaving.signal.addEventListener(
        'abort',
        onAbort(signal, () => leaving.abort()),
      );
  };
  return {
    next() {
      if (!isBegun) begin();
      return generator.next();
    },
    return() {
      leaving.abort();
      return generator.return(undefined);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
