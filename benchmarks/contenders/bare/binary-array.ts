/*
 * PostgreSQL's wire format of arrays, as small as it gets: it is the fastest way to send many values in one
 * parameter, so a bare loop that does without it would be an easy opponent.
 */

const headerBytes = 20;

/** `integer[]` */
export function integers(values: readonly number[]): Buffer {
  const buffer = header(23, values.length, values.length * 8);
  let at = headerBytes;
  for (const value of values) {
    buffer.writeInt32BE(4, at);
    at = buffer.writeInt32BE(value, at + 4);
  }
  return buffer;
}

/** `uuid[]` */
export function uuids(values: readonly string[]): Buffer {
  const buffer = header(2950, values.length, values.length * 20);
  let at = headerBytes;
  for (const value of values) {
    at = buffer.writeInt32BE(16, at);
    at += buffer.write(value.replaceAll('-', ''), at, 'hex');
  }
  return buffer;
}

/** `text[]` */
export function texts(values: readonly string[]): Buffer {
  return strings(25, values);
}

/** `json[]` */
export function jsons(values: readonly string[]): Buffer {
  return strings(114, values);
}

function strings(type: number, values: readonly string[]): Buffer {
  let bytes = 0;
  for (const value of values) bytes += 4 + Buffer.byteLength(value);
  const buffer = header(type, values.length, bytes);
  let at = headerBytes;
  for (const value of values) {
    const written = buffer.write(value, at + 4);
    at = buffer.writeInt32BE(written, at) + written;
  }
  return buffer;
}

/* One dimension from 1 on, without nulls. */
function header(type: number, count: number, bytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(headerBytes + bytes);
  for (const [index, value] of [1, 0, type, count, 1].entries()) buffer.writeInt32BE(value, index * 4);
  return buffer;
}
