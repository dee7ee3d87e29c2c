/** Whether a value is yet to come: a promise, or what `await` takes for one. */
export function isThenable(value: unknown): boolean {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';
}

/** Sees to it that a promise that nobody will wait for ends no process when it fails. */
export function disregard(promise: unknown): void {
  void Promise.resolve(promise).catch(() => undefined);
}
