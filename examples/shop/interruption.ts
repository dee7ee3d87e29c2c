/** The day was broken off by Ctrl-C or a signal, between two commands. */
export class Interrupted extends Error {
  constructor() {
    super('\nThe day was broken off. Every command up to here is done; the next start opens the next day.');
  }
}

/** Runs `work` with a signal that Ctrl-C aborts, so that it can end in order. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = (): void => controller.abort(new Interrupted());
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}
