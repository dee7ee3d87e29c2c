import type { AggregateOf, AggregateRoot, AggregateSource, ExpectedVersion } from '../../domain/index.ts';
import { createAggregate } from '../../domain/aggregate-root.ts';
import { aggregateClassOf } from '../../domain/decider.ts';
import { versionFits } from '../../domain/expected-version.ts';
import { checkStreamId } from '../../domain/identifiers.ts';
import { checkExpectedVersion } from '../events/prepare-append.ts';
import type { ExecutionScope } from '../execution/execution-scope.ts';
import type { UnitOfWork } from '../execution/unit-of-work.ts';
import type { UnitsOfWork } from '../execution/units-of-work.ts';
import { StreamVersionConflict } from '../ports/event-store-errors.ts';
import { AggregateAlreadyExists, AggregateNotFound } from './aggregate-errors.ts';
import type { EventReplay } from './event-replay.ts';
import { streamOf } from './event-replay.ts';

/** Options of `update`. */
export interface UpdateOptions {
  /** Refuse to decide on any other version, e.g. the one that a person saw. Never retried. */
  readonly expectedVersion?: ExpectedVersion | undefined;
  /** Fail if the aggregate moved on meanwhile, even if the change raised nothing; default false. */
  readonly verifyVersion?: boolean | undefined;
}

/**
 * Loads aggregates of one kind and stores what they raise.
 *
 * Inside a command handler everything is stored together when the handler returns; elsewhere each `create`
 * and `update` stores at once. A change that loses a race is made again on fresh state, so it must do
 * nothing but call the aggregate.
 */
export interface Repository<A extends AggregateRoot> {
  /**
   * The aggregate. Outside of a handler it is only for reading.
   *
   * @throws {AggregateNotFound} it was never created
   */
  load(id: string): Promise<A>;

  /** The aggregate, or undefined if it was never created. */
  find(id: string): Promise<A | undefined>;

  /**
   * Makes a new aggregate and stores what `change` raises; returns what `change` returns.
   *
   * @throws {AggregateAlreadyExists} the id is in use
   */
  create<T>(id: string, change: (aggregate: A) => T | Promise<T>): Promise<T>;

  /**
   * Loads an aggregate and stores what `change` raises; returns what `change` returns.
   *
   * @throws {AggregateNotFound} it was never created
   * @throws {StreamVersionConflict} it kept losing races, or is not at the expected version
   */
  update<T>(id: string, change: (aggregate: A) => T | Promise<T>, options?: UpdateOptions): Promise<T>;
}

/** The repository over event replay. */
export class EventSourcedRepository<Source extends AggregateSource> implements Repository<
  AggregateOf<Source> & AggregateRoot
> {
  readonly #source: Source;
  readonly #replay: EventReplay;
  readonly #units: UnitsOfWork;
  readonly #scope: ExecutionScope;

  constructor(source: Source, replay: EventReplay, units: UnitsOfWork, scope: ExecutionScope) {
    this.#source = source;
    this.#replay = replay;
    this.#units = units;
    this.#scope = scope;
  }

  async load(id: string): Promise<AggregateOf<Source> & AggregateRoot> {
    return this.#orNotFound(id, await this.find(id));
  }

  async find(id: string): Promise<(AggregateOf<Source> & AggregateRoot) | undefined> {
    const unit = this.#scope.unitOfWork;
    if (unit !== undefined) return this.#findIn(unit, id);
    const { aggregateId } = checkStreamId(streamOf(this.#source, id));
    return this.#replay.findAggregate(this.#source, aggregateId);
  }

  async create<T>(
    id: string,
    change: (aggregate: AggregateOf<Source> & AggregateRoot) => T | Promise<T>,
  ): Promise<T> {
    const stream = checkStreamId(streamOf(this.#source, id));
    const { result } = await this.#units.run(async unit => {
      // A new id is the rule: the append tells if it is in use, and only then it is worth a read.
      const read = async (): Promise<AggregateRoot | undefined> =>
        unit.isRepeated ? this.#replay.findAggregate(this.#source, id) : undefined;
      if ((await this.#units.enlist(unit, stream, read)) !== undefined)
        throw new AggregateAlreadyExists(stream);
      return change(unit.track(stream, createAggregate(aggregateClassOf(this.#source), id)));
    });
    return result;
  }

  async update<T>(
    id: string,
    change: (aggregate: AggregateOf<Source> & AggregateRoot) => T | Promise<T>,
    options: UpdateOptions = {},
  ): Promise<T> {
    const { result } = await this.#units.run(async unit => {
      const aggregate = this.#orNotFound(id, await this.#findIn(unit, id));
      this.#checkExpected(unit, aggregate, options);
      return change(aggregate);
    });
    return result;
  }

  async #findIn(unit: UnitOfWork, id: string): Promise<(AggregateOf<Source> & AggregateRoot) | undefined> {
    const stream = checkStreamId(streamOf(this.#source, id));
    const read = (): Promise<AggregateRoot | undefined> => this.#replay.findAggregate(this.#source, id);
    const found = await this.#units.enlist(unit, stream, read);
    return found as (AggregateOf<Source> & AggregateRoot) | undefined;
  }

  #orNotFound<T>(id: string, aggregate: T | undefined): T {
    if (aggregate === undefined) throw new AggregateNotFound(streamOf(this.#source, id));
    return aggregate;
  }

  #checkExpected(unit: UnitOfWork, aggregate: AggregateRoot, options: UpdateOptions): void {
    const stream = streamOf(this.#source, aggregate.id);
    if (options.verifyVersion === true) unit.verify(stream);
    const expected = options.expectedVersion;
    if (expected === undefined || versionFits(checkExpectedVersion(stream, expected), aggregate.version))
      return;
    throw new StreamVersionConflict(stream, expected, aggregate.version);
  }
}

const repositoryTokens = new WeakMap<AggregateSource, symbol>();

/** What to `@inject` to get the repository of an aggregate class or decider. */
export function repositoryOf(source: AggregateSource): symbol {
  let token = repositoryTokens.get(source);
  if (token === undefined) {
    token = Symbol(`Repository<${aggregateClassOf(source).name}>`);
    repositoryTokens.set(source, token);
  }
  return token;
}
