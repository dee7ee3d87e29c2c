import { AnnalsError } from '../../domain/index.ts';

/** A statement as the `pg` driver takes it. */
export interface PgQuery {
  readonly text: string;
  readonly values?: unknown[];
  readonly name?: string;
  readonly rowMode?: 'array';
}

/** What the `pg` driver answers. */
export interface PgAnswer {
  readonly command: string;
  readonly rows: unknown[];
}

/** What Annals needs of a connection that a pool hands out. */
export interface PgPoolClient {
  query(query: PgQuery): Promise<PgAnswer>;
  query(text: string, values?: unknown[]): Promise<PgAnswer>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  /** With an error the connection is thrown away. */
  release(error?: Error | boolean): void;
}

/** What Annals needs of a `pg.Pool`; written out, so that its users need no types of that package. */
export interface PgPool {
  /** By callback, so that nothing can happen to the connection before somebody listens to it. */
  connect(callback: (error: Error | undefined, client: PgPoolClient | undefined) => void): void;
  query(query: PgQuery): Promise<PgAnswer>;
  query(text: string, values?: unknown[]): Promise<PgAnswer>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  /** How it connects. Without it nobody listens for commits of other processes, and the store polls. */
  readonly options?: object;
}

/** What was passed as a pool lacks something that a `pg.Pool` has. */
export class UnsuitablePool extends AnnalsError {
  readonly code = 'unsuitable-pool';

  constructor(lack: string) {
    super(
      `What was passed as a pool ${lack}. Pass a pg.Pool, or an object that hands these calls on to one.`,
    );
  }
}

const methods = ['connect', 'query', 'on', 'off'] as const;

/** Refuses what is no pool before anything is asked of it. @throws {UnsuitablePool} */
export function checkPool(pool: unknown): void {
  const given = (pool ?? {}) as Partial<Record<string, unknown>>;
  const missing = methods.filter(method => typeof given[method] !== 'function');
  if (missing.length > 0) throw new UnsuitablePool(`has no ${missing.map(name => `${name}()`).join(', ')}`);
}
