import { beforeEach, describe, expect, test } from '@jest/globals';
import { EmitterQueueFull, EventEmitter } from '../../../../src/application/events/event-emitter.ts';
import type { Emission, EventEmitterOptions } from '../../../../src/application/events/event-emitter.ts';
import { ExecutionScope } from '../../../../src/application/execution/execution-scope.ts';
import type { EventStore } from '../../../../src/application/ports/event-store.ts';
import { UnserializableValue } from '../../../../src/application/ports/event-store-errors.ts';
import type { Logger } from '../../../../src/application/ports/logger.ts';
import { memory } from '../../../../src/infrastructure/memory/index.ts';
import {
  checkError,
  checkRefused,
  collect,
} from '../../../../src/infrastructure/testing/contract/expectations.ts';
import { SequentialIds } from '../../../../src/infrastructure/testing/sequential-ids.ts';
import { VirtualClock } from '../../../../src/infrastructure/testing/virtual-clock.ts';
import { alwaysInline } from '../../../support/always-inline.ts';

const loggedIn: Emission = {
  ...{ aggregateType: 'session', aggregateId: 's-1', eventType: 'session.user_logged_in' },
  payload: { user: 'ada', at: { city: 'Rome', country: 'IT' } },
};

let events: EventStore;
let scope: ExecutionScope;
let logged: { message: string; facts: unknown }[];

beforeEach(async () => {
  scope = new ExecutionScope();
  logged = [];
  ({ events } = await memory().open({ clock: new VirtualClock(), ids: new SequentialIds(), logger }));
});

const logger: Logger = {
  info: message => expect(message).toBe('nothing to say'),
  warn: message => expect(message).toBe('nothing to warn of'),
  error: (message, facts) => logged.push({ message, facts }),
};

function emitterWith(options?: EventEmitterOptions): EventEmitter {
  return new EventEmitter(events, scope, logger, options);
}

async function storedPayloads(): Promise<unknown[]> {
  return (await collect(events.readFeed())).map(event => event.payload);
}

/* The next appends fail, as many as given. */
function failAppends(count: number, failure: Error): void {
  let left = count;
  events.useInlineProjections(alwaysInline(() => (left-- > 0 ? Promise.reject(failure) : Promise.resolve())));
}

describe('An emitter', () => {
  test('stores an event with every field, and returns its id', async () => {
    const rest = { schemaVersion: 2, userId: 'ada', actor: 'user:ada' } as const;
    const origin = { correlationId: 'request', causationId: 'click', metadata: { ip: '::1' } };

    const eventId = await emitterWith().emit({ ...loggedIn, ...rest, ...origin });

    expect(await collect(events.readFeed())).toEqual([
      {
        ...{ eventId, type: 'session.user_logged_in', payload: loggedIn.payload, version: 1, position: 1 },
        ...{ aggregateType: 'session', aggregateId: 's-1', recordedAt: new VirtualClock().now() },
        ...rest,
        ...origin,
      },
    ]);
  });

  test('takes what an emission leaves out from the message being handled', async () => {
    const context = {
      ...{ correlationId: 'request', causationId: 'command', userId: 'ada', actor: 'agent:clerk' as const },
    };
    await scope.runInContext(context, () => emitterWith().emit({ ...loggedIn, causationId: 'own' }));

    const [event] = await collect(events.readFeed());
    expect(event).toMatchObject({ ...context, causationId: 'own' });
  });

  test('takes it for left out where it is undefined', async () => {
    const ids = { correlationId: 'request', causationId: 'command' };
    const context = { ...ids, userId: 'ada', actor: 'agent:clerk' as const };
    const open = { userId: undefined, actor: undefined, correlationId: undefined, causationId: undefined };
    await scope.runInContext(context, () => emitterWith().emit({ ...loggedIn, ...open } as never));

    const [event] = await collect(events.readFeed());
    expect(event).toMatchObject(context);
  });

  test('adds the session to the metadata', async () => {
    await emitterWith().emit({ ...loggedIn, sessionId: 'session-1', metadata: { ip: '::1' } });
    const [event] = await collect(events.readFeed());
    expect(event!.metadata).toEqual({ ip: '::1', sessionId: 'session-1' });
  });

  test('stores nothing while it is off', async () => {
    let isOn = false;
    const emitter = emitterWith({ isEnabled: () => isOn });
    expect(await emitter.emit(loggedIn)).toBeUndefined();
    expect(emitter.isEnabled).toBe(false);
    isOn = true;
    expect(await emitter.emit(loggedIn)).toBeDefined();
    expect(await storedPayloads()).toHaveLength(1);
  });

  test('passes on what the store refuses', async () => {
    const facts = { code: 'unserializable-value', eventType: loggedIn.eventType, path: 'payload.at' };
    const bad = { ...loggedIn, payload: { at: new Date(0) } };
    await checkRefused(() => emitterWith().emit(bad), UnserializableValue, facts);
    await checkRefused(() => emitterWith().emit({ ...bad, sessionId: 's' }), UnserializableValue, facts);
    expect(await storedPayloads()).toEqual([]);
  });
});

describe('A session', () => {
  const inSession = { ...loggedIn, sessionId: 'session-1' };

  test('emits an equal event once, whatever the order of its keys', async () => {
    const emitter = emitterWith();
    expect(await emitter.emit(inSession)).toBeDefined();
    const equal = { ...inSession, payload: { at: { country: 'IT', city: 'Rome' }, user: 'ada' } };
    expect(await emitter.emit(equal)).toBeUndefined();
    expect(await storedPayloads()).toEqual([loggedIn.payload]);
  });

  test('emits events that differ in stream, type or payload', async () => {
    const emitter = emitterWith();
    const others = [
      { aggregateId: 's-2' },
      { aggregateType: 'visit' },
      { eventType: 'session.user_logged_out' },
      { payload: {} },
      { sessionId: 'session-2' },
    ];
    await emitter.emit(inSession);
    for (const other of others) expect(await emitter.emit({ ...inSession, ...other })).toBeDefined();
    expect(await storedPayloads()).toHaveLength(6);
  });

  test('emits an event once when many emit it at the same time', async () => {
    const emitter = emitterWith();
    const ids = await Promise.all(Array.from({ length: 20 }, () => emitter.emit(inSession)));
    expect(ids.filter(id => id !== undefined)).toHaveLength(1);
    expect(await storedPayloads()).toEqual([loggedIn.payload]);
  });

  test('emits it once, too, when the first of them fails', async () => {
    const failure = new Error('the store is full');
    failAppends(1, failure);
    const emitter = emitterWith();

    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => emitter.emit(inSession)));

    const failed = outcomes.filter(outcome => outcome.status === 'rejected');
    expect(failed.map(outcome => outcome.reason as unknown)).toEqual([failure]);
    expect(await storedPayloads()).toEqual([loggedIn.payload]);
  });

  test('emits it again once it is cleared', async () => {
    const emitter = emitterWith();
    await emitter.emit(inSession);
    await emitter.emit({ ...inSession, sessionId: 'session-2' });
    emitter.clearSession('session-1');
    expect(await emitter.emit(inSession)).toBeDefined();
    expect(await emitter.emit({ ...inSession, sessionId: 'session-2' })).toBeUndefined();
    emitter.clearAllSessions();
    expect(await emitter.emit({ ...inSession, sessionId: 'session-2' })).toBeDefined();
    expect(await storedPayloads()).toHaveLength(4);
  });
});

describe('emitLater', () => {
  test('stores in the background what flush waits for', async () => {
    const emitter = emitterWith();
    for (let index = 0; index < 10; index++) emitter.emitLater({ ...loggedIn, payload: { index } });
    await emitter.flush();
    expect(await storedPayloads()).toEqual(Array.from({ length: 10 }, (_event, index) => ({ index })));
    expect(logged).toEqual([]);
  });

  test('refuses an event when too many wait, and takes it once they are stored', async () => {
    const emitter = emitterWith({ maxQueued: 2 });
    emitter.emitLater(loggedIn);
    emitter.emitLater(loggedIn);
    let error: unknown;
    try {
      emitter.emitLater(loggedIn);
    } catch (thrown) {
      error = thrown;
    }
    checkError(error, EmitterQueueFull, { code: 'emitter-queue-full' });
    await emitter.flush();
    emitter.emitLater(loggedIn);
    await emitter.flush();
    expect(await storedPayloads()).toHaveLength(3);
  });

  test('logs a failure with its event, and goes on', async () => {
    const failure = new Error('the store is full');
    failAppends(1, failure);
    const emitter = emitterWith();
    emitter.emitLater(loggedIn);
    emitter.emitLater(loggedIn);
    await emitter.flush();

    const { eventType, aggregateType, aggregateId } = loggedIn;
    const facts = { eventType, aggregateType, aggregateId, error: failure };
    expect(logged).toEqual([{ message: 'An event could not be emitted.', facts }]);
    expect(await storedPayloads()).toHaveLength(1);
  });
});
