import { eventTypeOf } from '../../../domain/index.ts';
import { classOf } from '../../../domain/class.ts';
import { EventPattern } from '../compare/event-pattern.ts';
import type { ExpectedEvent } from '../compare/event-pattern.ts';
import { classNameOf, isMatcher, show } from '../compare/show.ts';
import { isoTime } from '../iso-time.ts';
import type { Action } from '../scenario/world.ts';
import { EventAsStored } from '../stored/stored-event.ts';

/** An event as people say it: `account opened (owner: "Ada")`. */
export function eventSentence(event: object): string {
  if (event instanceof EventAsStored) {
    return `${withFields(words(event.type), event.payload)}, as stored in version ${event.version}`;
  }
  const name = eventTypeOf(classOf(event))?.name;
  return withFields(name === undefined ? words(classNameOf(event) ?? 'an event') : words(name), event);
}

/** An expected event as people say it. */
export function expectedSentence(expected: ExpectedEvent<object>): string {
  if (isMatcher(expected)) return say(expected);
  if (!(expected instanceof EventPattern)) return eventSentence(expected);
  const { eventClass, said } = expected;
  const name = words(eventTypeOf(eventClass)?.name ?? eventClass.name);
  const event = said.claim === undefined ? withFields(name, said.fields ?? {}) : `${name} that ${said.claim}`;
  return said.envelope === undefined ? event : withFields(`${event}, recorded`, said.envelope);
}

/** A moment as people say it, no finer than it needs to be: `2026-01-05 09:30 UTC`. */
export function timeSentence(time: Date | string): string {
  return isoTime(time)
    .replace('T', ' ')
    .replace(/(?::00)?\.000Z$|Z$/, ' UTC');
}

/** What a check of the state asks for; code of a test runner says nothing to people. */
export function checkSentence(check: () => unknown): string {
  const sentence = functionSentence(check);
  return /\b(?:expect|assert)\b/.test(sentence) ? 'the state is as its test expects' : `state: ${sentence}`;
}

/** What happens, as people say it: `deposit (amount: 30)`; a function by its own text. */
export function actionSentence(action: Action): string {
  return typeof action === 'function'
    ? functionSentence(action as () => unknown)
    : withFields(words(classNameOf(action) ?? 'decide'), action);
}

/* `account => account.deposit(30)` is `deposit(30)` to anybody who does not write code. */
function functionSentence(action: () => unknown): string {
  const source = String(action)
    .replace(/\s+/g, ' ')
    .replace(/;? ?\}$/, ' }');
  const [, parameter, body] = /^(?:async )?\(?(\w+)\)? ?=> ?(.*)$/.exec(source) ?? [];
  if (parameter === undefined || body === undefined) return action.name === '' ? source : words(action.name);
  const inner = body.replace(/^\{ ?(.*?);? ?\}$/, '$1');
  const calls = inner.replaceAll(new RegExp(`\\b${parameter}\\.`, 'g'), '').replaceAll('; ', ', then ');
  return asSpoken(calls);
}

/* Names as words, and one kind of quotes, whatever wrote the code; what stands in quotes stays. */
function asSpoken(code: string): string {
  const parts = code.split(/("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/);
  const spoken = (part: string): string => part.replace(/\b[a-z]+[A-Z]\w*/g, words).replace(/, ?/g, ', ');
  return parts.map(part => (/^["']/.test(part) ? `"${part.slice(1, -1)}"` : spoken(part))).join('');
}

/** A name with the fields of a value behind it: `not enough stock (sku: "TEA", wanted: 6)`. */
export function withFields(name: string, value: object): string {
  const fields = fieldsOf(value);
  return fields === '' ? name : `${name} (${fields})`;
}

function fieldsOf(value: object): string {
  const fields = Object.entries(value).filter(
    ([, field]) => field !== undefined && typeof field !== 'function',
  );
  return fields.map(([name, field]) => `${words(name)}: ${say(field)}`).join(', ');
}

/** A value as people say it: no brackets of code but round ones. */
export function say(value: unknown): string {
  if (value === null) return 'none';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(say).join(' and ');
  if (isMatcher(value)) return matcherSentence(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? show(value) : timeSentence(value);
  if (typeof value !== 'object') return show(value);
  const fields = fieldsOf(value);
  return fields === '' ? 'none' : `(${fields})`;
}

const kinds: Readonly<Record<string, string>> = { String: 'text', Number: 'number', Boolean: 'yes or no' };

function matcherSentence(matcher: object): string {
  const text = show(matcher);
  // Of `expect.stringContaining` and `expect.stringMatching`, in jest and vitest alike.
  const { sample, inverse } = matcher as { sample?: unknown; inverse?: boolean };
  if (typeof sample === 'string') return `a text ${inverse ? 'without' : 'with'} ${show(sample)}`;
  if (sample instanceof RegExp) return `a text ${inverse ? 'unlike' : 'like'} ${String(sample)}`;
  const [, kind] = /^<Any<(\w+)>>$/.exec(text) ?? [];
  if (kind !== undefined) return `any ${kinds[kind] ?? words(kind)}`;
  return text === '<Anything>' ? 'anything' : text;
}

/** A name as a heading: `Orders per customer`. */
export function heading(name: string): string {
  const text = words(name);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `MoneyDeposited`, `moneyDeposited` and `money.was_deposited` in words. */
export function words(name: string): string {
  return name
    .replace(/[._-]+/g, ' ')
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase();
}
