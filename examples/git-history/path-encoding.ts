import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';

// What an aggregate id may not contain (controls, line ends, marks that hide or reorder text), and the escape.
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const escapedCharacters = /[%\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;
const hashMarker = 'sha256:';
// The store takes ids of at most 1,024 bytes of UTF-8.
const maxIdBytes = 1_024;

/**
 * A path of git, which is bytes, as text from which `decodePath` gets the same bytes back.
 *
 * Valid UTF-8 stays as it is. Written as `%XX`, byte by byte in upper-case hex: `%` itself, what an aggregate
 * id may not contain, bytes that are not UTF-8, the first character of a path of nothing but white space,
 * and the `s` of a path that begins with `sha256:`.
 */
export function encodePath(path: Buffer): string {
  const text = path.toString();
  // U+FFFD is what invalid bytes decode to, but it may also be part of a name.
  const isText = !text.includes('\ufffd') || isUtf8(path);
  const encoded = isText ? escapeText(text) : encodeMixed(path);
  const isReserved = encoded.startsWith(hashMarker) || encoded.trim() === '';
  return isReserved ? escapeFirst(encoded) : encoded;
}

/** The bytes that `encodePath` made `text` of; escapes that it would not have written stay as they are. */
export function decodePath(text: string): Buffer {
  if (!text.includes('%')) return Buffer.from(text);
  const parts = text.split(/(%[0-9A-F]{2})/);
  return Buffer.concat(
    parts.map((part, index) => (index % 2 === 1 ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part))),
  );
}

/** The aggregate id of a file: its encoded path, or for one that is too long `sha256:` and its hash. */
export function fileIdOf(encodedPath: string): string {
  // UTF-8 takes at most three bytes a UTF-16 unit, so most paths need no counting.
  const fits = encodedPath.length * 3 <= maxIdBytes || Buffer.byteLength(encodedPath) <= maxIdBytes;
  return fits ? encodedPath : hashMarker + createHash('sha256').update(encodedPath).digest('hex');
}

/** A path as somebody typed it: in the form that `at` prints, or else as it is named. */
export function readTypedPath(typed: string): string {
  const isEncoded = encodePath(decodePath(typed)) === typed;
  return isEncoded ? typed : encodePath(Buffer.from(typed));
}

function escapeText(text: string): string {
  return text.replace(escapedCharacters, character => escapeBytes(Buffer.from(character)));
}

function escapeBytes(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase().replaceAll(/../g, '%$&');
}

function escapeFirst(text: string): string {
  const [first = ''] = text;
  return escapeBytes(Buffer.from(first)) + text.slice(first.length);
}

function encodeMixed(path: Buffer): string {
  let encoded = '';
  for (let at = 0; at < path.length;) {
    const length = characterLength(path, at);
    const bytes = path.subarray(at, at + Math.max(length, 1));
    encoded += length === 0 ? escapeBytes(bytes) : escapeText(bytes.toString());
    at += bytes.length;
  }
  return encoded;
}

/* 0 where no character of UTF-8 begins. */
function characterLength(path: Buffer, at: number): number {
  const lead = path[at]!;
  const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return at + length <= path.length && isUtf8(path.subarray(at, at + length)) ? length : 0;
}
