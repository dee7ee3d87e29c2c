import type pg from 'pg';

/** Sends rows to `copy … from stdin`, as `copyOut` has read them. */
export async function copyIn(client: pg.Client, text: string, chunks: readonly Buffer[]): Promise<void> {
  await new Promise<void>((resolve, reject) => client.query(new CopyIn({ text, chunks, resolve, reject })));
}

interface CopyInOptions {
  readonly text: string;
  readonly chunks: readonly Buffer[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface CopyConnection extends pg.Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

class CopyIn implements pg.Submittable {
  readonly #options: CopyInOptions;
  #error: Error | undefined;

  constructor(options: CopyInOptions) {
    this.#options = options;
  }

  submit(connection: pg.Connection): void {
    connection.query(this.#options.text);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    for (const chunk of this.#options.chunks) connection.sendCopyFromChunk(chunk);
    connection.endCopyFrom();
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
