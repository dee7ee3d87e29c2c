/** A signal that wakes whoever waits for it; one given while nobody waits is kept. */
export class WakeUp {
  #wake: (() => void) | undefined;
  #isSet = false;

  /** Wakes the waiter, or the next one. */
  set(): void {
    this.#isSet = true;
    this.#wake?.();
  }

  /** Waits for the signal, but no longer than `timeoutMs` (which may be Infinity) or until `signal` is aborted. */
  async wait(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (!this.#isSet && signal?.aborted !== true) await this.#sleep(timeoutMs, signal);
    this.#isSet = false;
  }

  #sleep(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise(resolve => {
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        this.#wake = undefined;
        resolve();
      };
      const timer = timeoutMs === Infinity ? undefined : setTimeout(wake, timeoutMs);
      signal?.addEventListener('abort', wake);
      this.#wake = wake;
    });
  }
}
