// An index of PostgreSQL takes about 2,700 bytes, and a character up to four.
const maxCharacters = 500;
// Beyond this PostgreSQL's numbers are no doubles any more.
const maxNumber = 1.7e308;

/**
 * A text that orders the values of a field by code point, the same in every store.
 *
 * Texts come first (the first 500 characters count), then numbers, then booleans, then lists and objects (all alike),
 * then what is absent or null.
 *
 * @see `annals.sort_key` of the database, which gives the same
 */
export function sortKey(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `1${Array.from(value.slice(0, 2 * maxCharacters))
        .slice(0, maxCharacters)
        .join('')}`;
    case 'number':
      return `2${sortableNumber(value)}`;
    case 'boolean':
      return `3${value}`;
    case 'object':
      return value === null ? '5' : '4';
    default:
      return '5';
  }
}

/** Orders texts by code point, as their bytes in UTF-8 do. */
export function compareTexts(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/* The bits of the double, turned round where it is negative. */
function sortableNumber(value: number): string {
  const bits = Buffer.alloc(8);
  // Zero has no sign in JSON.
  bits.writeDoubleBE(Math.max(-maxNumber, Math.min(maxNumber, value)) + 0);
  const isNegative = bits[0]! >= 0x80;
  if (isNegative) for (const [index, byte] of bits.entries()) bits[index] = 255 - byte;
  return `${isNegative ? 0 : 1}${bits.toString('hex')}`;
}
