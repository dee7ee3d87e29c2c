import { AnnalsError } from './annals-error.ts';
import type { StreamId } from './stream-id.ts';

const maxAggregateTypeLength = 100;
const maxEventTypeLength = 200;
// 1,024 bytes keep the index entry of a stream well below the third of a page that PostgreSQL allows.
const maxAggregateIdBytes = 1024;

// Controls, line ends and the marks that reorder or hide text: nobody can tell such identifiers apart by eye. Joiners
// within words are not among them: some languages are written with them.
const unprintable = /[\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;
// Most identifiers are plain ASCII, which one look tells; none of these characters is refused.
const plainAscii = /^[\x21-\x7e][\x20-\x7e]*$/;
const eventTypePattern = /^[^\s.]+(\.[^\s.]+)+$/u;

/** An identifier that Annals refuses; nothing was stored. */
export class InvalidIdentifier extends AnnalsError {
  readonly code = 'invalid-identifier';
  /** What the identifier names: `aggregateId`, `event type`, … */
  readonly field: string;
  readonly value: unknown;

  constructor(field: string, value: unknown, rule: string) {
    super(`The ${field} ${display(value)} ${rule}`);
    this.field = field;
    this.value = value;
  }
}

function display(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** Returns `value` if it is printable text that is not blank; `field` is its name in the error. */
export function checkIdentifier(field: string, value: unknown, maxLength: number): string {
  if (typeof value !== 'string') {
    throw new InvalidIdentifier(field, value, `is a ${typeof value}. Give a string.`);
  }
  if (value.length <= maxLength && plainAscii.test(value)) return value;
  if (value.trim() === '') throw new InvalidIdentifier(field, value, 'is blank. Give it a name.');
  if (value.length > maxLength) {
    const rule = `has ${value.length} characters, and ${maxLength} is the limit. Shorten it.`;
    throw new InvalidIdentifier(field, value, rule);
  }
  if (unprintable.test(value) || !value.isWellFormed()) {
    const rule = 'contains a control character, a hidden mark or half a surrogate pair. Remove or encode it.';
    throw new InvalidIdentifier(field, value, rule);
  }
  return value;
}

/** Refuses a stream whose type or id could not be stored, indexed or told apart. */
export function checkStreamId(stream: StreamId): StreamId {
  checkAggregateType(stream.aggregateType);
  checkIdentifier('aggregateId', stream.aggregateId, maxAggregateIdBytes);
  // A character takes at most three bytes a UTF-16 unit, so short ids need no counting.
  if (stream.aggregateId.length * 3 <= maxAggregateIdBytes) return stream;
  const bytes = utf8Length(stream.aggregateId);
  if (bytes > maxAggregateIdBytes) {
    const rule = `has ${bytes} bytes of UTF-8, and ${maxAggregateIdBytes} is the limit. Shorten or hash it.`;
    throw new InvalidIdentifier('aggregateId', stream.aggregateId, rule);
  }
  return stream;
}

/** Refuses an aggregate type that is not printable text, or that could not be told from the id behind it. */
export function checkAggregateType(aggregateType: unknown): string {
  const name = checkIdentifier('aggregateType', aggregateType, maxAggregateTypeLength);
  if (!name.includes('/')) return name;
  throw new InvalidIdentifier(
    'aggregateType',
    name,
    'contains a slash, which separates type and id. Remove it.',
  );
}

/** Refuses an event type that is not of the form `aggregate.past_tense_verb`. */
export function checkEventType(type: unknown): string {
  const name = checkIdentifier('event type', type, maxEventTypeLength);
  if (!eventTypePattern.test(name)) {
    const rule = 'is not of the form "aggregate.past_tense_verb". Name it like "account.opened".';
    throw new InvalidIdentifier('event type', name, rule);
  }
  return name;
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
