import type pg from 'pg';

/** Reads all that `copy … to stdout` sends, a chunk at a time. */
export async function copyOut(client: pg.Client, text: string, take: (chunk: Buffer) => void): Promise<void> {
  await new Promise<void>((resolve, reject) => client.query(new CopyOut({ text, take, resolve, reject })));
}

interface CopyOutOptions {
  readonly text: string;
  readonly take: (chunk: Buffer) => void;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/* The driver has no COPY of its own, but hands its messages to whoever is being run. */
class CopyOut implements pg.Submittable {
  readonly #options: CopyOutOptions;
  #error: Error | undefined;

  constructor(options: CopyOutOptions) {
    this.#options = options;
  }

  submit(connection: pg.Connection): void {
    connection.query(this.#options.text);
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    this.#options.take(chunk);
  }

  handleCommandComplete(): void {
    // What counts is that the connection is ready again.
  }

  handleError(error: Error): void {
    this.#error = error;
  }

  handleReadyForQuery(): void {
    if (this.#error === undefined) this.#options.resolve();
    else this.#options.reject(this.#error);
  }
}
