/*
 * PostgreSQL's binary format of COPY: a signature, flags and an extension of the header, then rows, then a row of -1
 * columns. A row is the number of its columns (int16), then each value with its length in front (int32, -1 for null).
 * Both sides have less to do for it than for text, but it takes no parameters and is planned anew each time.
 */

import pg from 'pg';

const flagsAt = 11;
const extensionAt = flagsAt + 4;
const endOfRows = -1;

/** From about so many rows on, copying saves more than planning the query each time costs. */
export const copyFrom = 300;

const literalOrParameter = /'(?:[^']|'')*'|\$(\d+)/g;

/** A row as COPY sends it in binary: a place in memory that it shares with some others. */
export interface CopiedRow {
  readonly block: Buffer;
  readonly at: number;
}

/**
 * A script that copies what a query finds, for the simple protocol.
 *
 * The values of `$1::type` and so on go by way of settings of this one transaction, so that the text of the query is
 * the same for every page, and statistics of statements have one entry for it.
 *
 * @param destination - as `copy … to` takes it
 */
export function copyScript(query: string, parameters: readonly string[], destination: string): string {
  const settings = parameters.map(
    (value, index) => `set_config('annals.p${index + 1}', ${pg.escapeLiteral(value)}, true)`,
  );
  const text = query.replaceAll(literalOrParameter, (found, number: string | undefined) =>
    number === undefined ? found : `current_setting('annals.p${number}')`,
  );
  return `select ${settings.join(', ')}; copy (${text}) to ${destination} (format binary)`;
}

/** A `text[]` as SQL writes it. A setting would be taken apart anew for each row. */
export function textArrayLiteral(values: readonly string[]): string {
  const elements = values.map(value => `"${value.replaceAll(/["\\]/g, '\\$&')}"`);
  return `${pg.escapeLiteral(`{${elements.join(',')}}`)}::text[]`;
}

// Whoever keeps one row keeps its block; a block each would cost more than the rows.
const blockBytes = 8 * 1024;

/** Puts the rows of one COPY together from what the server sends: a message a row, the header before the first. */
export class CopiedRows {
  readonly rows: CopiedRow[] = [];
  #block = Buffer.alloc(0);
  #free = 0;
  #isPastHeader = false;

  /** Takes a message; it is copied, because the driver uses its memory again. */
  add(message: Buffer): void {
    const begin = this.#isPastHeader ? 0 : extensionAt + 4 + message.readInt32BE(extensionAt);
    this.#isPastHeader = true;
    const bytes = message.length - begin;
    if (bytes === 0 || message.readInt16BE(begin) === endOfRows) return;
    if (this.#free + bytes > this.#block.length) this.#takeBlock(bytes);
    message.copy(this.#block, this.#free, begin);
    this.rows.push({ block: this.#block, at: this.#free });
    this.#free += bytes;
  }

  #takeBlock(bytes: number): void {
    this.#block = Buffer.allocUnsafeSlow(Math.max(bytes, blockBytes));
    this.#free = 0;
  }
}
