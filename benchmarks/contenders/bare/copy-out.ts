import type pg from 'pg';

/** Reads all that `copy … to stdout` sends; resolves with the number of bytes. */
export async function copyOut(client: pg.Client, text: string): Promise<number> {
  return new Promise((resolve, reject) => client.query(new CopyOut(text, resolve, reject)));
}

/* The driver has no COPY of its own, but hands its messages to whoever is being run. */
class CopyOut implements pg.Submittable {
  readonly #text: string;
  readonly #resolve: (bytes: number) => void;
  readonly #reject: (error: Error) => void;
  #bytes = 0;
  #error: Error | undefined;

  constructor(text: string, resolve: (bytes: number) => void, reject: (error: Error) => void) {
    this.#text = text;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: pg.Connection): void {
    connection.query(this.#text);
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    this.#bytes += chunk.length;
  }

  handleCommandComplete(): void {
    // What counts is that the connection is ready again.
  }

  handleError(error: Error): void {
    this.#error = error;
  }

  handleReadyForQuery(): void {
    if (this.#error === undefined) this.#resolve(this.#bytes);
    else this.#reject(this.#error);
  }
}
