import { describe, expect, test } from '@jest/globals';
import {
  CopiedRows,
  copyScript,
  textArrayLiteral,
} from '../../../../src/infrastructure/postgres/copy-out.ts';

const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
function end(): Buffer {
  return Buffer.from([0xff, 0xff]);
}

function header(extension = Buffer.alloc(0)): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(extension.length);
  return Buffer.concat([signature, Buffer.alloc(4), length, extension]);
}

function row(text: string): Buffer {
  const head = Buffer.alloc(6);
  head.writeInt16BE(1);
  head.writeInt32BE(Buffer.byteLength(text), 2);
  return Buffer.concat([head, Buffer.from(text)]);
}

function textsOf(...messages: readonly Buffer[]): string[] {
  const copied = new CopiedRows();
  for (const message of messages) {
    copied.add(message);
    // As the driver does, which uses its memory for what comes next.
    message.fill(0xee);
  }
  return copied.rows.map(({ block, at }) => {
    const length = block.readInt32BE(at + 2);
    return block.toString('utf8', at + 6, at + 6 + length);
  });
}

describe('The rows of a COPY', () => {
  test('follow its header, in the same message or the next', () => {
    expect(textsOf(Buffer.concat([header(), row('a')]), row('b'), end())).toEqual(['a', 'b']);
    expect(textsOf(header(), row('a'), row('b'), end())).toEqual(['a', 'b']);
    expect(textsOf(header(Buffer.from('to come')), row('a'), end())).toEqual(['a']);
  });

  test('are none where it sends none', () => {
    expect(textsOf(header(), end())).toEqual([]);
    expect(textsOf(Buffer.concat([header(), end()]))).toEqual([]);
    expect(textsOf()).toEqual([]);
  });

  test('may be as large as they like, and as many', () => {
    const texts = [
      ...Array.from({ length: 500 }, (_row, index) => `${index}-`.repeat(30)),
      'x'.repeat(100_000),
      '',
    ];
    expect(textsOf(header(), ...texts.map(row), end())).toEqual(texts);
  });
});

describe('The script of a COPY', () => {
  test('hands its parameters over as settings of one transaction', () => {
    expect(copyScript('select 1 where $1::bigint < $2::bigint', ['1', '2'], 'stdout')).toBe(
      "select set_config('annals.p1', '1', true), set_config('annals.p2', '2', true); " +
        "copy (select 1 where current_setting('annals.p1')::bigint < current_setting('annals.p2')::bigint) " +
        'to stdout (format binary)',
    );
  });

  test('writes the texts of an array so that nothing in them ends it', () => {
    expect(textArrayLiteral(['plain', "it's", '{a,b}', ''])).toBe(`'{"plain","it''s","{a,b}",""}'::text[]`);
    // Both read backslashes: the array, and the string that it is written in.
    expect(textArrayLiteral(['a "b"'])).toBe(` E'{"a \\\\"b\\\\""}'::text[]`);
    expect(textArrayLiteral([])).toBe(`'{}'::text[]`);
  });

  test('leaves texts alone that look like parameters', () => {
    const query = `select '$1', ${textArrayLiteral(["it's $1::x"])} where $1::bigint > 0`;
    expect(copyScript(query, ['1'], 'stdout')).toContain(
      `copy (select '$1', '{"it''s $1::x"}'::text[] where current_setting('annals.p1')::bigint > 0)`,
    );
  });
});
