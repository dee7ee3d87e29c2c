import { AnnalsError } from './annals-error.ts';
import type { Class } from './class.ts';
import { metadataKey } from './class-metadata.ts';
import type { Recorded } from './recorded.ts';

/** Chooses the documents that an event concerns, where that is not its aggregate's id. */
export type EventKey<Payload> = (event: Recorded<Payload>) => string | readonly string[];

/** One `@On`: the event class, the method that handles it, and how the event finds its key. */
export interface OnHandler {
  readonly eventClass: Class;
  readonly method: string | symbol;
  readonly key: EventKey<never> | undefined;
}

type Marked = Omit<OnHandler, 'method'>;

/** What a method looks like that handles events in a class like `Owner`. */
export type HandlerMethod<Owner, Payload> = Owner extends { readonly pendingEvents: readonly (infer Event)[] }
  ? AggregateMethod<Event, Payload>
  : Owner extends { readonly '~document': infer Document }
    ? DocumentMethod<Document, Payload>
    : Owner extends { readonly '~transaction': infer Transaction }
      ? (event: Recorded<Payload>, transaction: Transaction) => unknown
      : (event: Recorded<Payload>) => unknown;

type AggregateMethod<Event, Payload> = Payload extends Event ? (event: Payload) => void : never;

/* The document may be taken as absent, as present (a default makes it so), or as either. */
type DocumentMethod<Document, Payload> =
  | ((document: Document, event: Recorded<Payload>) => Document | null)
  | ((document: Document | undefined, event: Recorded<Payload>) => Document | null)
  | ((document: undefined, event: Recorded<Payload>) => Document | null);

/** What `@On` returns: it fits methods that take the event, in legacy and in standard decorator mode. */
export interface OnDecorator<Payload> {
  <Owner extends object, Method extends HandlerMethod<Owner, Payload>>(
    owner: Owner,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void;
  <Owner extends object, Method extends HandlerMethod<Owner, Payload>>(
    method: Method,
    context: ClassMethodDecoratorContext<Owner, Method & ((this: Owner, ...args: never) => unknown)>,
  ): void;
}

const onKey = metadataKey<readonly Marked[]>('on');

/**
 * Marks the method that handles events of `eventClass`; several `@On` may share one method.
 *
 * In an aggregate the method gets the payload and changes state: it never throws, waits or does I/O.
 * In a projector it gets the recorded event, and in a document projector the document before it.
 *
 * @param key - projectors only: the ids of the documents concerned; default: the aggregate's id
 * @throws {UncallableHandler} the method is `#private` or static
 */
export function On<Payload extends object>(
  eventClass: Class<Payload>,
  key?: EventKey<Payload>,
): OnDecorator<Payload> {
  const mark = (method: object): void =>
    onKey.write(method, [...(onKey.read(method) ?? []), { eventClass, key }]);
  return (target: object, context: unknown, descriptor?: { value?: object }): void => {
    checkCallable(eventClass, target, context);
    mark(descriptor?.value ?? target);
  };
}

/* In legacy mode the target of a static method is the class; in standard mode the context says what it is. */
function checkCallable(eventClass: Class, target: object, context: unknown): void {
  if (typeof context !== 'object' || context === null) {
    if (typeof target === 'function') throw new UncallableHandler(eventClass, String(context), 'static');
    return;
  }
  const { name, private: isPrivate, static: isStatic } = context as ClassMethodDecoratorContext;
  if (isPrivate) throw new UncallableHandler(eventClass, String(name), '#private');
  if (isStatic) throw new UncallableHandler(eventClass, String(name), 'static');
}

/** `@On` marks a method that nobody can call on an instance from outside, so that its events would change nothing. */
export class UncallableHandler extends AnnalsError {
  readonly code = 'uncallable-handler';
  readonly event: string;
  readonly method: string;

  constructor(eventClass: Class, method: string, what: '#private' | 'static') {
    super(
      `@On(${eventClass.name}) marks ${method}, which is ${what} and would never be called. ` +
        "Make it a method of the instance, private or protected by TypeScript's own words if it is to be.",
    );
    this.event = eventClass.name;
    this.method = method;
  }
}

const handlersByClass = new WeakMap<Class, readonly OnHandler[]>();

/**
 * The `@On` handlers of a class, base classes first; a method that overrides a decorated one takes its place.
 */
export function handlersOf(type: Class): readonly OnHandler[] {
  let handlers = handlersByClass.get(type);
  if (handlers === undefined) {
    handlers = collectHandlers(type.prototype as object);
    handlersByClass.set(type, handlers);
  }
  return handlers;
}

function collectHandlers(prototype: object): OnHandler[] {
  const parent = Object.getPrototypeOf(prototype) as object | null;
  const handlers = parent === null ? [] : collectHandlers(parent);
  for (const method of Reflect.ownKeys(prototype)) {
    const value: unknown = Object.getOwnPropertyDescriptor(prototype, method)?.value;
    if (typeof value !== 'function') continue;
    for (const mark of onKey.read(value) ?? []) addHandler(handlers, { ...mark, method });
  }
  return handlers;
}

function addHandler(handlers: OnHandler[], handler: OnHandler): void {
  const known = handlers.some(h => h.method === handler.method && h.eventClass === handler.eventClass);
  if (!known) handlers.push(handler);
}
