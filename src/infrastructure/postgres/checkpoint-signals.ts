import { randomUUID } from 'node:crypto';
import type { ProjectionId } from '../../application/ports/projection-states.ts';
import { Listeners } from '../../application/events/listeners.ts';
import { CheckpointExpectations, nameOf } from '../../application/subscriptions/checkpoint-expectations.ts';
import type { MovedCheckpoint } from '../../application/subscriptions/checkpoint-expectations.ts';
import { AnnouncedWaits } from './announced-waits.ts';
import { textArray } from './binary-arrays.ts';
import type { SqlClient } from './sql-client.ts';
import { defaultPollMs } from './sql-event-store.ts';
import type { WakeUpOptions } from './sql-event-store.ts';
import type { Statements } from './statements.ts';

// A process that moved a checkpoint just now will mostly move it on before anybody else could answer.
const ownMoveCountsMs = 1_000;
const patienceMs = 10;
// For processes that have started meanwhile, and half as long as the others remember.
const announceAgainMs = 10_000;
// Where nobody tells of anything, looking begins quickly and gets slower.
const firstLookMs = 10;

// listening SENDER · changed SENDER · expected SENDER VERSION GENERATION POSITION NAME · reached SENDER … (the same)
const payloadPattern =
  /^(listening|changed|expected|reached) ([0-9a-f-]+)(?: (\d{1,9}) (\d{1,9}) (\d{1,16}) ([^]+))?$/;

/**
 * Tells processes that wait for a checkpoint when it may have got there, and nodes when builds were changed.
 *
 * Within the process directly. Between processes who waits announces it on a channel, and whoever moves that
 * checkpoint past it answers there: a batch that nobody waits for tells nothing. A shard answers for itself, so an
 * answer says only that another look is worth it. In case that signals get lost, everybody looks now and then.
 */
export class CheckpointSignals implements AsyncDisposable {
  readonly #client: SqlClient;
  readonly #statements: Statements;
  readonly #pollMs: number;
  readonly #notifies: boolean;
  readonly #self = randomUUID();
  readonly #expectations = new CheckpointExpectations();
  readonly #waits = new AnnouncedWaits();
  readonly #changes = new Listeners();
  readonly #moved = new Map<string, { readonly position: number; readonly atMs: number }>();
  readonly #untold = new Set<string>();
  #telling: Promise<void> | undefined;
  #listening: AsyncDisposable | undefined;
  #hasListened = false;
  #looking: NodeJS.Timeout | undefined;
  #lookAtMs = 0;
  #announcing: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(client: SqlClient, statements: Statements, { usesNotify = true, pollMs }: WakeUpOptions = {}) {
    this.#client = client;
    this.#statements = statements;
    this.#pollMs = pollMs ?? defaultPollMs;
    this.#notifies = usesNotify && client.listen !== undefined;
  }

  /** Calls `wake` when a checkpoint may have reached a position; returns the end of it. */
  expect(projection: ProjectionId, position: number, wake: () => void): () => void {
    this.#listen();
    const remove = this.#expectations.add(projection, position, wake);
    const movedAtMs = this.#moved.get(nameOf(projection))?.atMs ?? -Infinity;
    const pauseMs = performance.now() - movedAtMs < ownMoveCountsMs ? patienceMs : 0;
    const announcing = setTimeout(() => this.#announce(projection, position), pauseMs).unref();
    this.#lookIn(this.#notifies ? this.#pollMs : Math.min(firstLookMs, this.#pollMs));
    this.#announcing ??= setInterval(() => this.#announceAll(), announceAgainMs).unref();
    return () => {
      clearTimeout(announcing);
      remove();
      if (this.#expectations.isEmpty) this.#rest();
    };
  }

  /** Calls `listener` when builds or who runs them were changed, here or elsewhere; returns the end of it. */
  onChanged(listener: () => void): () => void {
    this.#listen();
    return this.#changes.add(listener);
  }

  /** Tells that builds or who runs them were changed. */
  changed(): void {
    this.#changes.notify();
    if (this.#notifies) this.#tell(`changed ${this.#self}`);
  }

  /** Notes what this process has committed, and tells whoever waits for it. */
  moved(moves: readonly MovedCheckpoint[]): void {
    for (const { projection, from, to } of moves) {
      this.#listen();
      const name = nameOf(projection);
      this.#moved.set(name, { position: to, atMs: performance.now() });
      this.#expectations.reached(projection, to);
      if (this.#waits.isAnyWithin(name, from, to)) this.#tellReached(projection, to);
    }
  }

  /** Tells what is left, and wakes whoever waits: there is nothing more to come. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#rest();
    this.#expectations.wakeAll();
    await this.#listening?.[Symbol.asyncDispose]();
    await this.#telling;
  }

  /* From the first wait or move on, because it cannot be known who will wait for what this process moves. */
  #listen(): void {
    if (!this.#notifies || this.#isClosed) return;
    this.#listening ??= this.#client.listen!(this.#statements.checkpointChannel, {
      onSignal: payload => this.#hear(payload),
      onListening: () => {
        this.#hasListened = true;
        // What was announced before was not heard here, so whoever waits is asked to say so again.
        this.#tell(`listening ${this.#self}`);
        this.#announceAll();
        this.#expectations.wakeAll();
        this.#changes.notify();
      },
    });
  }

  #hear(payload: string): void {
    const [, verb, sender, version, generation, digits, name] = payloadPattern.exec(payload) ?? [];
    if (sender === this.#self) return;
    if (verb === 'listening') this.#announceAll();
    if (verb === 'changed') this.#changes.notify();
    if (name === undefined) return;
    const projection = { name, version: Number(version), generation: Number(generation) };
    const position = Number(digits);
    if (verb === 'reached') this.#expectations.reached(projection, position);
    else this.#hearExpected(projection, position);
  }

  /* What was asked for may have been passed while the question was on its way. */
  #hearExpected(projection: ProjectionId, position: number): void {
    this.#waits.add(nameOf(projection), position, performance.now());
    const moved = this.#moved.get(nameOf(projection));
    if (moved !== undefined && moved.position >= position) this.#tellReached(projection, moved.position);
  }

  #announceAll(): void {
    for (const { projection, position } of this.#expectations.all()) this.#announce(projection, position);
  }

  /* Before it listens nobody's answer would be heard; then all is announced as soon as it does. */
  #announce({ name, version, generation }: ProjectionId, position: number): void {
    if (this.#hasListened) this.#tell(`expected ${this.#self} ${version} ${generation} ${position} ${name}`);
  }

  #tellReached({ name, version, generation }: ProjectionId, position: number): void {
    this.#tell(`reached ${this.#self} ${version} ${generation} ${position} ${name}`);
  }

  #tell(payload: string): void {
    if (this.#isClosed) return;
    this.#untold.add(payload);
    this.#telling ??= this.#tellAll().finally(() => (this.#telling = undefined));
  }

  /* One call at a time; what comes meanwhile is told together. One that fails is not repeated. */
  async #tellAll(): Promise<void> {
    const statement = this.#statements.get('notify_checkpoints');
    while (this.#untold.size > 0) {
      const told = textArray([...this.#untold]);
      this.#untold.clear();
      await this.#client.run(statement, [this.#statements.checkpointChannel, told]).catch(() => undefined);
    }
  }

  /* Whatever is told or not: who waits looks again after a pause, which doubles up to the usual one. */
  #lookIn(pauseMs: number): void {
    const lookAtMs = performance.now() + pauseMs;
    // New waits never put off what older ones have been promised.
    if (this.#isClosed || (this.#looking !== undefined && this.#lookAtMs <= lookAtMs)) return;
    clearTimeout(this.#looking);
    this.#lookAtMs = lookAtMs;
    this.#looking = setTimeout(() => {
      this.#looking = undefined;
      this.#expectations.wakeAll();
      if (!this.#expectations.isEmpty) this.#lookIn(Math.min(2 * pauseMs, this.#pollMs));
    }, pauseMs).unref();
  }

  #rest(): void {
    clearTimeout(this.#looking);
    clearInterval(this.#announcing);
    this.#looking = undefined;
    this.#announcing = undefined;
  }
}
