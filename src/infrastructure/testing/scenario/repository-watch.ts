import { formatStream } from '../../../domain/index.ts';
import type { AggregateRoot, AggregateSource, StreamId } from '../../../domain/index.ts';
import { streamOf } from '../../../application/replay/event-replay.ts';
import { ChangeAfterEnd } from '../../../application/index.ts';
import type { Repository, UpdateOptions } from '../../../application/index.ts';
import { callerLine } from '../caller-line.ts';

/** An aggregate that somebody changed or read, as it is in memory. */
export interface Sighting {
  readonly stream: StreamId;
  readonly source: AggregateSource;
  readonly aggregate: AggregateRoot;
  /** The version that it was folded from. */
  readonly versionBefore: number;
  /** What it has raised since, stored or not. */
  readonly raised: readonly object[];
}

type Change = (aggregate: AggregateRoot) => unknown;

/** Sees what handlers do with repositories, which do their work as in production. */
export class RepositoryWatch {
  readonly #sightings = new Map<string, Sighting>();
  readonly #underWay = new Set<string>();

  /** The aggregates seen since `reset`, each as it was seen last. */
  get sightings(): readonly Sighting[] {
    return [...this.#sightings.values()];
  }

  /** Changes that nobody waits for any more, as `Account.update() at file:line`. */
  get underWay(): readonly string[] {
    return [...this.#underWay];
  }

  reset(): void {
    this.#sightings.clear();
    this.#underWay.clear();
  }

  /** Watches a repository from now on. */
  watch(source: AggregateSource, name: string, repository: Repository<AggregateRoot>): void {
    const create = repository.create.bind(repository);
    const update = repository.update.bind(repository);
    const find = repository.find.bind(repository);
    const see = (aggregate: AggregateRoot): AggregateRoot => this.#see(source, aggregate);
    Object.assign(repository, {
      create: (id: string, change: Change) =>
        this.#follow(
          `${name}.create()`,
          create(id, aggregate => change(see(aggregate))),
        ),
      update: (id: string, change: Change, options?: UpdateOptions) =>
        this.#follow(
          `${name}.update()`,
          update(id, aggregate => change(see(aggregate)), options),
        ),
      find: async (id: string) => {
        const found = await find(id);
        return found === undefined ? undefined : see(found);
      },
    });
  }

  #see(source: AggregateSource, aggregate: AggregateRoot): AggregateRoot {
    const stream = streamOf(source, aggregate.id);
    const { version: versionBefore, pendingEvents: raised } = aggregate;
    this.#sightings.set(formatStream(stream), { stream, source, aggregate, versionBefore, raised });
    return aggregate;
  }

  #follow(call: string, result: Promise<unknown>): Promise<unknown> {
    const line = `${call} ${callerLine()}`;
    this.#underWay.add(line);
    const followed = this.#untilDone(line, result);
    // Told as the reason of the failure; unobserved it would end the process.
    followed.catch(() => undefined);
    return followed;
  }

  async #untilDone(line: string, result: Promise<unknown>): Promise<unknown> {
    try {
      const returned = await result;
      this.#underWay.delete(line);
      return returned;
    } catch (error) {
      // Its unit had ended before: nobody waited for it then, though it has an end by now.
      if (!(error instanceof ChangeAfterEnd)) this.#underWay.delete(line);
      throw error;
    }
  }
}
