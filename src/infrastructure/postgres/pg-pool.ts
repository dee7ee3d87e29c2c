/** What Annals needs of a `pg.Pool`; written out, so that its users need no types of that package. */
export interface PgPool {
  connect(): Promise<unknown>;
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
  end(): Promise<void>;
  /** How it connects. Without it nobody listens for commits of other processes, and the store polls. */
  readonly options?: object;
}
