import type { Class } from '../../domain/index.ts';
import { KnownTypes } from './known-types.ts';
import { isSplit } from './upcaster.ts';
import type { EventShape, Upcaster } from './upcaster.ts';
import { targetsOf, upcasterProblems } from './upcaster-problems.ts';

/** The way from a stored shape to one of today. */
export interface UpcastPath {
  /** Each takes the payload that the one before it gave. */
  readonly steps: readonly Upcaster[];
  /** What the event is read as, unless it is split behind the steps. */
  readonly end: EventShape;
  readonly split: UpcastSplit | undefined;
}

/** The end of a path, where one event becomes several. */
export interface UpcastSplit {
  readonly upcaster: Upcaster;
  /** What it is read as, under the names that the types have today; each may have a path of its own. */
  readonly into: readonly EventShape[];
}

/** All upcasters of an app, checked and put together once. */
export class Upcasters {
  /** What is wrong with them, as sentences; they must not be used unless it is empty. */
  readonly problems: readonly string[];
  readonly #known: KnownTypes;
  readonly #steps = new Map<string, Map<number, Upcaster>>();
  readonly #paths = new Map<string, Map<number, UpcastPath>>();
  readonly #sources = new Map<string, Set<string>>();

  /** @param eventClasses - the classes of today, whose aliases count for upcasters as well */
  constructor(upcasters: readonly Upcaster[], eventClasses: Iterable<Class>) {
    this.#known = new KnownTypes(eventClasses);
    this.problems = upcasterProblems(upcasters, this.#known);
    if (this.problems.length > 0) return;
    for (const upcaster of upcasters) {
      const type = this.#known.nameOf(upcaster.type);
      const versions = this.#steps.get(type) ?? new Map<number, Upcaster>();
      this.#steps.set(type, versions.set(upcaster.version, upcaster));
    }
    for (const [name, versions] of this.#steps) {
      for (const type of this.#known.namesOf(name)) this.#compose(type, [...versions.keys()]);
    }
  }

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#paths.size === 0;
  }

  /** How events that are stored so are read; undefined: as they are. */
  pathOf(type: string, version: number): UpcastPath | undefined {
    return this.#paths.get(type)?.get(version);
  }

  /** The types under which events are stored that may be read as one of `types`, these included. */
  storedTypes(types: Iterable<string>): readonly string[] {
    const wanted = [...types];
    return [...new Set([...wanted, ...wanted.flatMap(type => [...(this.#sources.get(type) ?? [])])])];
  }

  /**
   * What all events of a type are read as, if none of them is read as that type any more; undefined if some are, as of every
   * type without upcasters.
   */
  successorsOf(type: string): readonly string[] | undefined {
    const paths = this.#paths.get(type);
    if (paths === undefined || this.#known.versionOf(type) !== undefined) return undefined;
    const ends = new Set([...paths.values()].flatMap(path => this.#endsOf(path)));
    return ends.has(type) ? undefined : [...ends];
  }

  #compose(type: string, versions: readonly number[]): void {
    const paths = versions.map(version => [version, this.#pathFrom(type, version)] as const);
    this.#paths.set(type, new Map(paths));
    for (const [, path] of paths) {
      for (const end of this.#endsOf(path)) {
        this.#sources.set(end, (this.#sources.get(end) ?? new Set<string>()).add(type));
      }
    }
  }

  #pathFrom(storedType: string, storedVersion: number): UpcastPath {
    const steps: Upcaster[] = [];
    const name = this.#known.nameOf(storedType);
    for (let end: EventShape = { type: name, version: storedVersion }; ;) {
      const step = this.#steps.get(end.type)?.get(end.version);
      if (step === undefined) {
        // A handler of an old name goes on getting what is stored under it.
        const type = end.type === name ? storedType : end.type;
        return { steps, end: { type, version: end.version }, split: undefined };
      }
      const into = targetsOf(step, this.#known);
      if (isSplit(step.into)) return { steps, end, split: { upcaster: step, into } };
      steps.push(step);
      end = into[0]!;
    }
  }

  #endsOf({ end, split }: UpcastPath): readonly string[] {
    if (split === undefined) return [end.type];
    return split.into.flatMap(({ type, version }) => this.#endsOf(this.#pathFrom(type, version)));
  }
}
