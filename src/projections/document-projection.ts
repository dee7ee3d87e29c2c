import { toJsonText } from '../application/events/json-text.ts';
import type { Class, Recorded } from '../domain/index.ts';
import type {
  DocumentChange,
  ProjectionId,
  ReadModelTransaction,
} from '../application/ports/read-model-store.ts';
import type { DocumentProjector } from './document-projector.ts';
import { DocumentProjector as DocumentProjectorBase } from './document-projector.ts';
import type { FailurePolicy } from './failure-policy.ts';
import type { Projection, WantedKeys } from './projection.ts';
import { readModelBatchSize } from './projection.ts';
import { ProjectorReturnedNothing } from './projection-errors.ts';
import { keyList, projectorHandlers } from './projector-handlers.ts';
import type { Deserialize, ProjectorHandler } from './projector-handlers.ts';
import type { ProjectionMode, ProjectorInfo } from './projector.ts';

/** Documents while a batch is folded: what was loaded, and what changed. */
class DocumentBatch {
  readonly #projection: string;
  readonly #documents: Map<string, unknown>;
  readonly #changed = new Map<string, Recorded>();

  constructor(projection: string, loaded: ReadonlyMap<string, unknown>) {
    this.#projection = projection;
    this.#documents = new Map(loaded);
  }

  get(id: string): unknown {
    return this.#documents.get(id);
  }

  set(id: string, document: object | null, event: Recorded): void {
    this.#documents.set(id, document ?? undefined);
    this.#changed.set(id, event);
  }

  /* What JSON would change is refused here, because the next batch would find another document than this one. */
  changes(): DocumentChange[] {
    return [...this.#changed].map(([id, { version, position }]) => {
      const document = this.#documents.get(id) as object | undefined;
      const json = document === undefined ? null : this.#toJson(id, document);
      return { id, json, version, position };
    });
  }

  #toJson(id: string, document: object): string {
    return toJsonText(document, `projection ${this.#projection}, document ${JSON.stringify(id)}`, 'document');
  }
}

/** Runs a document projector. */
export class DocumentProjection implements Projection {
  readonly name: string;
  readonly version: number;
  readonly mode: ProjectionMode;
  readonly projectorClass: Class;
  readonly tables = 'documents';
  readonly types: readonly string[];
  readonly batchSize = readModelBatchSize;
  readonly failure: FailurePolicy;
  /** Whether an event concerns the document under its aggregate's id and no other. */
  readonly isKeyedByAggregate: boolean;
  readonly #projector: DocumentProjector<object>;
  readonly #handlers: Map<string, ProjectorHandler[]>;
  readonly #deserialize: Deserialize;

  constructor(
    projector: DocumentProjector<object>,
    projectorClass: Class,
    info: ProjectorInfo,
    deserialize: Deserialize,
  ) {
    this.name = info.name;
    this.version = info.version;
    this.mode = info.mode;
    this.failure = info.failure;
    this.projectorClass = projectorClass;
    this.#projector = projector;
    this.#handlers = projectorHandlers(projector, projectorClass);
    this.#deserialize = deserialize;
    this.types = [...this.#handlers.keys()];
    this.isKeyedByAggregate =
      projector.key === DocumentProjectorBase.prototype.key &&
      [...this.#handlers.values()].flat().every(handler => handler.key === undefined);
  }

  keysOf(event: Recorded): readonly string[] {
    return [...new Set(this.#stepsOf(event).map(step => step.id))];
  }

  async project(
    events: readonly Recorded[],
    transaction: ReadModelTransaction,
    target: ProjectionId = this,
    isWanted: WantedKeys = () => true,
  ): Promise<void> {
    const steps = events.flatMap(event => this.#stepsOf(event).filter(step => isWanted(event, step.id)));
    const ids = [...new Set(steps.map(step => step.id))];
    if (ids.length === 0) return;
    const batch = new DocumentBatch(this.name, await transaction.loadDocuments(target, ids));
    for (const step of steps) this.#run(step, batch);
    await transaction.saveDocuments(target, batch.changes());
  }

  /** The document under `id` after these events, starting from none. */
  fold(id: string, events: Iterable<Recorded>): object | undefined {
    const batch = new DocumentBatch(this.name, new Map());
    for (const event of events) {
      for (const step of this.#stepsOf(event)) if (step.id === id) this.#run(step, batch);
    }
    // Through JSON like a stored one, so that it looks the same in every mode.
    const [change] = batch.changes();
    return change?.json == null ? undefined : (JSON.parse(change.json) as object);
  }

  #stepsOf(stored: Recorded): Step[] {
    const handlers = this.#handlers.get(stored.type) ?? [];
    if (handlers.length === 0) return [];
    const event = this.#deserialize(stored);
    return handlers.flatMap(handler => {
      const keys = handler.key === undefined ? this.#projector.key(event) : handler.key(event);
      return [...new Set(keyList(keys, handler.name))].map(id => ({ id, handler, event }));
    });
  }

  #run({ id, handler, event }: Step, batch: DocumentBatch): void {
    const document = handler.call(batch.get(id), event) as object | null | undefined;
    if (document === undefined) throw new ProjectorReturnedNothing(this.projectorClass.name, handler.name);
    batch.set(id, document, event);
  }
}

interface Step {
  readonly id: string;
  readonly handler: ProjectorHandler;
  readonly event: Recorded<object>;
}
