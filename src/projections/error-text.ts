// Enough to know what went wrong; statements and payloads in a message may be as long as they like.
const longestText = 2_000;

/** An error as it is kept beside the event: what PostgreSQL cannot store is left out. */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.replaceAll('\0', '').slice(0, longestText).toWellFormed();
}
