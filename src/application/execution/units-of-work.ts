import { formatStream } from '../../domain/index.ts';
import type { AggregateRoot, StreamId } from '../../domain/index.ts';
import type { AggregateCache } from '../replay/aggregate-cache.ts';
import type { AppendResult } from '../ports/event-store.ts';
import { StreamVersionConflict } from '../ports/event-store-errors.ts';
import { UnderWay } from '../under-way.ts';
import type { ExecutionScope } from './execution-scope.ts';
import { KeyedMutex } from './keyed-mutex.ts';
import { UnitOfWork } from './unit-of-work.ts';
import type { UnitOfWorkServices } from './unit-of-work.ts';

type Work<T> = (unit: UnitOfWork) => T | Promise<T>;

/** What came of a unit of work. */
export interface UnitOfWorkOutcome<T> {
  readonly result: T;
  readonly appends: readonly AppendResult[];
}

/** Options of one run. */
export interface UnitOfWorkOptions<T> {
  readonly signal?: AbortSignal | undefined;
  /** Called with the result before the commit, e.g. to record the command. */
  readonly beforeCommit?: ((unit: UnitOfWork, result: T) => void) | undefined;
}

/** How often a decision that lost a race is made again. */
export interface ConflictRetry {
  /** Default 10. */
  readonly attempts: number;
  /** Milliseconds to wait before attempt `n` (from 2); default: random, growing to 50 ms. */
  readonly delayMs: (attempt: number) => number;
}

/** Ten decisions; the jitter keeps losers of one race from meeting again. */
export const defaultConflictRetry: ConflictRetry = {
  attempts: 10,
  delayMs: attempt => Math.random() * Math.min(50, 2 ** attempt),
};

/**
 * Runs work that changes aggregates: in one transaction, decided again when it loses a race.
 *
 * Work on the same aggregate in one process runs one after another. Only the first aggregate that a unit
 * touches is waited for, so that two units can never wait for each other.
 */
export class UnitsOfWork {
  readonly #scope: ExecutionScope;
  readonly #services: UnitOfWorkServices;
  readonly #cache: AggregateCache;
  readonly #retry: ConflictRetry;
  readonly #mutex = new KeyedMutex();
  readonly #underWay = new UnderWay();

  constructor(
    scope: ExecutionScope,
    services: UnitOfWorkServices,
    cache: AggregateCache,
    retry: ConflictRetry = defaultConflictRetry,
  ) {
    this.#scope = scope;
    this.#services = services;
    this.#cache = cache;
    this.#retry = retry;
  }

  /** Runs `work` in the current unit of work, or in one of its own that is committed when it returns. */
  async run<T>(work: Work<T>, options: UnitOfWorkOptions<T> = {}): Promise<UnitOfWorkOutcome<T>> {
    const current = this.#scope.unitOfWork;
    if (current !== undefined) return this.#join(current, work, options);
    const run = this.#runAlone(work, options);
    // Whoever may give it up waits for it, and need not any more once they have.
    return options.signal === undefined ? this.#underWay.track(run) : run;
  }

  /** Waits for the units that nobody can give up, e.g. changes that a repository makes outside of a handler. */
  async drain(): Promise<void> {
    await this.#underWay.settle();
  }

  async #runAlone<T>(work: Work<T>, options: UnitOfWorkOptions<T>): Promise<UnitOfWorkOutcome<T>> {
    for (let attempt = 1; ; attempt++) {
      const unit = new UnitOfWork(this.#services, attempt > 1);
      try {
        return await this.#attempt(unit, work, options);
      } catch (error) {
        const mayDecideAgain = attempt < this.#retry.attempts && this.#mayDecideAgain(unit, error);
        unit.close();
        if (!mayDecideAgain) throw error;
        await pause(this.#retry.delayMs(attempt + 1), options.signal);
      } finally {
        unit.close();
      }
    }
  }

  /**
   * Watches the aggregate of `stream` in the current unit: from the cache, or by `load`.
   *
   * @returns undefined if `load` finds none
   */
  async enlist(
    unit: UnitOfWork,
    stream: StreamId,
    load: () => Promise<AggregateRoot | undefined>,
  ): Promise<AggregateRoot | undefined> {
    await unit.lockOnce(() => this.#mutex.acquire(formatStream(stream)));
    return unit.loadOnce(stream, async () => {
      const cached = this.#cache.take(stream);
      if (cached !== undefined) unit.usedCache = true;
      return cached ?? load();
    });
  }

  async #join<T>(
    unit: UnitOfWork,
    work: Work<T>,
    options: UnitOfWorkOptions<T>,
  ): Promise<UnitOfWorkOutcome<T>> {
    // A part whose caller gave up goes on and may raise events at any time, so nothing of the unit may be stored.
    const giveUp = (): void => unit.fail(options.signal?.reason);
    options.signal?.addEventListener('abort', giveUp, { once: true });
    try {
      const result = await unit.runPart(() => work(unit));
      options.beforeCommit?.(unit, result);
      return { result, appends: [] };
    } finally {
      options.signal?.removeEventListener('abort', giveUp);
    }
  }

  async #attempt<T>(
    unit: UnitOfWork,
    work: Work<T>,
    options: UnitOfWorkOptions<T>,
  ): Promise<UnitOfWorkOutcome<T>> {
    // A handler that hangs after its caller gave up must not keep others from the aggregate.
    const giveUp = (): void => {
      if (!unit.isCommitting) unit.giveUp();
    };
    options.signal?.addEventListener('abort', giveUp, { once: true });
    try {
      const result = await this.#scope.runInUnitOfWork(unit, () => work(unit));
      options.beforeCommit?.(unit, result);
      const appends = await unit.commit(options.signal);
      // A repetition found the events of an earlier call, behind which other streams may have moved on.
      const isRepetition = appends.some(append => append.repeated);
      if (!isRepetition) {
        for (const { stream, aggregate } of unit.aggregates()) this.#cache.put(stream, aggregate);
        for (const change of unit.stored) this.#services.snapshots.afterStored(change);
      }
      return { result, appends };
    } finally {
      options.signal?.removeEventListener('abort', giveUp);
    }
  }

  /* A refusal that was decided on a cached state may be out of date, so it is decided once more on read state. */
  #mayDecideAgain(unit: UnitOfWork, error: unknown): boolean {
    return unit.isCommitting ? error instanceof StreamVersionConflict : unit.usedCache;
  }
}

async function pause(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise(resolve => setTimeout(resolve, delayMs));
  signal?.throwIfAborted();
}
