/** The NUL-ended fields of a stream of bytes, in batches; what stands behind the last NUL is a field, too. */
export async function* splitAtNul(chunks: AsyncIterable<Buffer>): AsyncIterable<readonly Buffer[]> {
  let rest: Buffer[] = [];
  for await (const chunk of chunks) {
    const last = chunk.lastIndexOf(0);
    if (last < 0) {
      rest.push(chunk);
      continue;
    }
    const whole = rest.length === 0 ? chunk : Buffer.concat([...rest, chunk]);
    const end = whole.length - chunk.length + last + 1;
    yield fieldsOf(whole.subarray(0, end));
    rest = end < whole.length ? [whole.subarray(end)] : [];
  }
  if (rest.length > 0) yield [Buffer.concat(rest)];
}

function fieldsOf(bytes: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(0, from);
    fields.push(bytes.subarray(from, end));
    from = end + 1;
  }
  return fields;
}
