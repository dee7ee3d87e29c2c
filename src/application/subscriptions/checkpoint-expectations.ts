import type { ProjectionId } from '../ports/projection-states.ts';

/** A checkpoint that was moved. */
export interface MovedCheckpoint {
  readonly projection: ProjectionId;
  /** Exclusive. */
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
}

interface Expectation {
  readonly projection: ProjectionId;
  readonly position: number;
  readonly wake: () => void;
}

/** Who waits for which checkpoint, in this process. */
export class CheckpointExpectations {
  readonly #byProjection = new Map<string, Set<Expectation>>();

  get isEmpty(): boolean {
    return this.#byProjection.size === 0;
  }

  /** Adds one; the returned function removes it. */
  add(projection: ProjectionId, position: number, wake: () => void): () => void {
    const name = nameOf(projection);
    const expectation: Expectation = { projection, position, wake };
    const expectations = this.#byProjection.get(name) ?? new Set<Expectation>();
    this.#byProjection.set(name, expectations.add(expectation));
    return () => {
      expectations.delete(expectation);
      if (expectations.size === 0 && this.#byProjection.get(name) === expectations)
        this.#byProjection.delete(name);
    };
  }

  /** Wakes whoever waits for what a checkpoint has reached now. */
  reached(projection: ProjectionId, position: number): void {
    for (const expectation of this.#byProjection.get(nameOf(projection)) ?? []) {
      if (expectation.position <= position) expectation.wake();
    }
  }

  /** Wakes everybody. */
  wakeAll(): void {
    for (const { wake } of this.all()) wake();
  }

  /** All of them. */
  all(): readonly Expectation[] {
    return [...this.#byProjection.values()].flatMap(expectations => [...expectations]);
  }
}

/** One text for a build. */
export function nameOf({ name, version, generation }: ProjectionId): string {
  return `${version} ${generation} ${name}`;
}
