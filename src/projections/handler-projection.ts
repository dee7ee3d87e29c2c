import { formatStream } from '../domain/index.ts';
import type { Class, Recorded } from '../domain/index.ts';
import type { EventReader } from '../application/schema/event-reader.ts';
import type { ExecutionScope } from '../application/execution/execution-scope.ts';
import { defaultFailurePolicy } from './failure-policy.ts';
import type { FailurePolicy } from './failure-policy.ts';
import type { Projection } from './projection.ts';
import type { ProjectorInfo } from './projector.ts';
import { noProjectionTelemetry } from './projection-telemetry.ts';
import type { ProjectionTelemetry } from './projection-telemetry.ts';

/** A function that reacts to an event. */
export type EventReaction = (event: Recorded<never>) => unknown;

/** What runs around a reaction. */
export interface ReactionServices {
  readonly scope: ExecutionScope;
  readonly telemetry?: ProjectionTelemetry | undefined;
}

/** Runs handlers with effects of their own, one event at a time. */
export class HandlerProjection implements Projection {
  readonly name: string;
  readonly version: number;
  readonly mode = 'async';
  readonly shards: number;
  // A reaction has nothing to build: the new version goes on where the old one stood.
  readonly onNewVersion = 'swap';
  readonly projectorClass: Class | undefined;
  readonly tables = {};
  // What a handler did cannot be undone, so the checkpoint follows it as closely as possible.
  readonly batchSize = 1;
  readonly failure: FailurePolicy;
  readonly #reactions = new Map<string, { readonly name: string; readonly reaction: EventReaction }[]>();
  readonly #reader: EventReader;
  readonly #scope: ExecutionScope;
  readonly #telemetry: ProjectionTelemetry;

  constructor(
    info: Pick<ProjectorInfo, 'name' | 'version'> & Partial<Pick<ProjectorInfo, 'failure' | 'shards'>>,
    projectorClass: Class | undefined,
    reader: EventReader,
    { scope, telemetry = noProjectionTelemetry }: ReactionServices,
  ) {
    this.name = info.name;
    this.version = info.version;
    this.shards = info.shards ?? 1;
    this.failure = info.failure ?? defaultFailurePolicy;
    this.projectorClass = projectorClass;
    this.#reader = reader;
    this.#scope = scope;
    this.#telemetry = telemetry;
  }

  get types(): readonly string[] {
    return this.#reader.storedTypes(this.#reactions.keys());
  }

  /** Adds a reaction to events that are read as `type`; its name must outlive changes of the others. */
  add(type: string, name: string, reaction: EventReaction): void {
    this.#reactions.set(type, [...(this.#reactions.get(type) ?? []), { name, reaction }]);
  }

  keysOf(event: Recorded): readonly string[] {
    return [formatStream(event)];
  }

  async react(events: readonly Recorded[]): Promise<void> {
    for (const stored of events) {
      for (const event of this.#reader.read(stored)) await this.#reactTo(event as Recorded<never>);
    }
  }

  async project(): Promise<void> {
    // Everything has happened in react().
  }

  async #reactTo(event: Recorded<never>): Promise<void> {
    const part = this.#reader.partOf(event);
    for (const { name, reaction } of this.#reactions.get(event.type) ?? []) {
      const react = async (): Promise<unknown> => reaction(event);
      // Parts of one event share its id, and may share the method, too.
      const own = part === undefined ? name : `${name}#${part}`;
      await this.#telemetry.reaction(this, event, () =>
        this.#scope.runForEvent(event, { projection: this.name, name: own }, react),
      );
    }
  }
}
