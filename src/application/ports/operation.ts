/** What an operator, or Annals itself, did to a projection or to a consumer. */
export interface Operation {
  readonly action: string;
  /** The projection, or `consumer:` and the consumer; names of projections have no colon. */
  readonly name: string;
  /** Of the projection; 0 for a consumer. */
  readonly version: number;
  /** Who did it: `user:{id}`, `agent:{name}` or `system`. */
  readonly actor: string;
  readonly reason: string;
  /** What came of it; JSON. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** An operation as it is recorded. */
export interface RecordedOperation extends Operation {
  readonly at: Date;
}
