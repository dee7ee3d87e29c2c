// No honest chain is longer, and one that runs in a ring must end.
const longestChain = 10;

/** An error and what caused it, the outermost first. */
export function causesOf(error: unknown): readonly unknown[] {
  const chain = [error];
  let cause = error;
  while (cause instanceof Error && cause.cause !== undefined && chain.length < longestChain) {
    cause = cause.cause;
    chain.push(cause);
  }
  return chain;
}
