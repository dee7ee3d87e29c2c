import { setMaxListeners } from 'node:events';

/**
 * Calls `listener` once when `signal` is aborted; the returned function ends that.
 *
 * One signal, say of a shutdown, may end any number of waits. Node takes more than ten listeners for a leak and warns,
 * unless it is told that they are meant.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  setMaxListeners(0, signal);
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
