/* As much of curl as the scripts use, for machines that have none: curl [-X METHOD] [-H HEADER]... [-d BODY] URL */
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    method: { type: 'string', short: 'X' },
    header: { type: 'string', short: 'H', multiple: true, default: [] },
    body: { type: 'string', short: 'd' },
  },
});
const headers = values.header.map(header => header.split(/:\s*/, 2));
const answer = await globalThis.fetch(positionals[0], { method: values.method, headers, body: values.body });
process.stdout.write(await answer.text());
