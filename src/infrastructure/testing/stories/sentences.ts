import { eventTypeOf } from '../../../domain/index.ts';
import { classOf } from '../../../domain/class.ts';
import { EventPattern } from '../compare/event-pattern.ts';
import type { ExpectedEvent } from '../compare/event-pattern.ts';
import { classNameOf, isMatcher, show } from '../compare/show.ts';
import type { Action } from '../scenario/world.ts';

/** An event as people say it: `account opened (owner: "Ada")`. */
export function eventSentence(event: object): string {
  const name = eventTypeOf(classOf(event))?.name;
  return withFields(name === undefined ? words(classNameOf(event) ?? 'an event') : words(name), event);
}

/** An expected event as people say it. */
export function expectedSentence(expected: ExpectedEvent<object>): string {
  if (!(expected instanceof EventPattern)) return eventSentence(expected);
  const { eventClass, text } = expected;
  const name = eventTypeOf(eventClass)?.name;
  return name === undefined ? text : words(name) + text.slice(eventClass.name.length);
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
  return inner.replaceAll(new RegExp(`\\b${parameter}\\.`, 'g'), '').replaceAll('; ', ', then ');
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
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(say).join(' and ');
  if (typeof value !== 'object' || value === null || value instanceof Date || isMatcher(value))
    return show(value);
  return `(${fieldsOf(value)})`;
}

/** `MoneyDeposited`, `moneyDeposited` and `money.was_deposited` in words. */
export function words(name: string): string {
  return name
    .replace(/[._-]+/g, ' ')
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase();
}
