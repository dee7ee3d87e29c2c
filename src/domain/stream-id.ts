/** The address of one aggregate's events. */
export interface StreamId {
  /** The name given to `@Aggregate`, e.g. `account`. */
  readonly aggregateType: string;
  /** Chosen by the team, e.g. `acc-1`; at most 1,024 bytes of UTF-8. */
  readonly aggregateId: string;
}

/** The stream as people write it: `account/acc-1`. */
export function formatStream(stream: StreamId): string {
  return `${stream.aggregateType}/${stream.aggregateId}`;
}
