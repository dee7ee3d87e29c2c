import { AsyncLocalStorage } from 'node:async_hooks';
import type { Recorded } from '../../domain/index.ts';
import type { MessageContext } from './message-context.ts';
import type { UnitOfWork } from './unit-of-work.ts';

interface Scope {
  readonly context: MessageContext | undefined;
  readonly unitOfWork: UnitOfWork | undefined;
  readonly turn: Turn | undefined;
}

/** A projection's turn: while it lasts, the projection does not move on. */
interface Turn {
  readonly projection: string;
  isOver: boolean;
}

/**
 * What the code now running belongs to: the message being handled and its unit of work.
 *
 * It follows asynchronous calls by itself. One for each app, so that two apps do not share work.
 */
export class ExecutionScope {
  readonly #storage = new AsyncLocalStorage<Scope>();

  /** The message being handled; undefined outside of handlers. */
  get context(): MessageContext | undefined {
    return this.#storage.getStore()?.context;
  }

  /** The unit of work that collects changes; undefined when changes are committed one by one. */
  get unitOfWork(): UnitOfWork | undefined {
    const unitOfWork = this.#storage.getStore()?.unitOfWork;
    // What outlives its handler (a timer, work that nobody awaited) is on its own. But a handler whose caller was told
    // that nothing is stored must not store anything after all: its unit refuses that.
    return unitOfWork?.isClosed === true && !unitOfWork.isGivenUp ? undefined : unitOfWork;
  }

  /** The projection whose handler is running, directly or by way of commands; undefined outside of handlers. */
  get projection(): string | undefined {
    const turn = this.#storage.getStore()?.turn;
    return turn?.isOver === true ? undefined : turn?.projection;
  }

  /** Runs `work` as the handling of a message, in the current unit of work if there is one. */
  runInContext<T>(context: MessageContext, work: () => T): T {
    return this.#storage.run({ context, unitOfWork: this.unitOfWork, turn: this.#turn }, work);
  }

  /** Runs `work` with a unit of work that collects its changes. */
  runInUnitOfWork<T>(unitOfWork: UnitOfWork, work: () => T): T {
    return this.#storage.run({ context: this.context, unitOfWork, turn: this.#turn }, work);
  }

  /**
   * Runs `work` as the reaction to an event: what it sets in motion names the event as its cause.
   *
   * Commands that it dispatches get ids made of reaction, event and content, so that they run once, however
   * often the event is delivered.
   *
   * @param reaction - the projection, and what tells this reaction of it from others to the same event
   */
  runForEvent<T>(
    event: Recorded,
    { projection, name }: { readonly projection: string; readonly name: string },
    work: () => Promise<T>,
  ): Promise<T> {
    const { eventId, correlationId, userId, actor } = event;
    const counts = new Map<string, number>();
    const reactionCommandId = (fingerprint: string): string => {
      const count = (counts.get(fingerprint) ?? 0) + 1;
      counts.set(fingerprint, count);
      return `${projection}.${name}:${eventId}:${fingerprint}:${count}`;
    };
    const ids = { correlationId: correlationId ?? eventId, causationId: eventId, reactionCommandId };
    const context: MessageContext = { ...ids, userId, actor };
    return this.#takeTurn(projection, context, work);
  }

  /** Runs `work` as a part of handling events in a projection. */
  runInProjection<T>(projection: string, work: () => Promise<T>): Promise<T> {
    return this.#takeTurn(projection, undefined, work);
  }

  get #turn(): Turn | undefined {
    return this.#storage.getStore()?.turn;
  }

  async #takeTurn<T>(
    projection: string,
    context: MessageContext | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    const turn: Turn = { projection, isOver: false };
    try {
      return await this.#storage.run({ context, unitOfWork: undefined, turn }, work);
    } finally {
      // What the handler left running may wait for the projection like anybody else.
      turn.isOver = true;
    }
  }
}
