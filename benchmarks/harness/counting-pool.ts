import pg from 'pg';

/** A pool that counts what is sent over its connections. */
export class CountingPool extends pg.Pool {
  readonly #count: { queries: number };

  private constructor(url: string, maxConnections: number, count: { queries: number }) {
    super({ connectionString: url, max: maxConnections, Client: countingClient(count) });
    this.#count = count;
    // A connection that is cut while it is idle would end this process.
    this.on('error', () => undefined);
  }

  static to(url: string, maxConnections: number): CountingPool {
    return new CountingPool(url, maxConnections, { queries: 0 });
  }

  /** The queries since the pool was made; each is a round trip. */
  get queries(): number {
    return this.#count.queries;
  }
}

function countingClient(count: { queries: number }): typeof pg.Client {
  return class CountingClient extends pg.Client {
    override query(...parameters: never): never {
      count.queries++;
      return super.query(...(parameters as [never]));
    }
  };
}
