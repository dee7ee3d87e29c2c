import type { Class, Recorded } from '../domain/index.ts';
import type {
  DocumentChange,
  ProjectionId,
  ReadModelTransaction,
} from '../application/ports/read-model-store.ts';
import type { DocumentProjector } from './document-projector.ts';
import { DocumentProjector as DocumentProjectorBase } from './document-projector.ts';
import type { Projection } from './projection.ts';
import { readModelBatchSize } from './projection.ts';
import { ProjectorReturnedNothing } from './projection-errors.ts';
import { keyList, projectorHandlers } from './projector-handlers.ts';
import type { Deserialize, ProjectorHandler } from './projector-handlers.ts';
import type { ProjectionMode, ProjectorInfo } from './projector.ts';

/** Documents while a batch is folded: what was loaded, and what changed. */
class DocumentBatch {
  readonly #documents: Map<string, unknown>;
  readonly #changes = new Map<string, DocumentChange>();

  constructor(loaded: ReadonlyMap<string, unknown>) {
    this.#documents = new Map(loaded);
  }

  get(id: string): unknown {
    return this.#documents.get(id);
  }

  set(id: string, document: object | null, { version, position }: Recorded): void {
    this.#documents.set(id, document ?? undefined);
    this.#changes.set(id, { id, document, version, position });
  }

  changes(): DocumentChange[] {
    return [...this.#changes.values()];
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
    this.projectorClass = projectorClass;
    this.#projector = projector;
    this.#handlers = projectorHandlers(projector, projectorClass);
    this.#deserialize = deserialize;
    this.types = [...this.#handlers.keys()];
    this.isKeyedByAggregate =
      projector.key === DocumentProjectorBase.prototype.key &&
      [...this.#handlers.values()].flat().every(handler => handler.key === undefined);
  }

  async project(
    events: readonly Recorded[],
    transaction: ReadModelTransaction,
    target: ProjectionId = this,
  ): Promise<void> {
    const steps = events.flatMap(event => this.#stepsOf(event));
    const ids = [...new Set(steps.map(step => step.id))];
    if (ids.length === 0) return;
    const batch = new DocumentBatch(await transaction.loadDocuments(target, ids));
    for (const step of steps) this.#run(step, batch);
    await transaction.saveDocuments(target, batch.changes());
  }

  /** The document under `id` after these events, starting from none. */
  fold(id: string, events: Iterable<Recorded>): object | undefined {
    const batch = new DocumentBatch(new Map());
    for (const event of events) {
      for (const step of this.#stepsOf(event)) if (step.id === id) this.#run(step, batch);
    }
    return batch.get(id) as object | undefined;
  }

  #stepsOf(stored: Recorded): Step[] {
    const handlers = this.#handlers.get(stored.type) ?? [];
    if (handlers.length === 0) return [];
    const event = this.#deserialize(stored);
    return handlers.flatMap(handler => {
      const keys = handler.key === undefined ? this.#projector.key(event) : handler.key(event);
      return [...new Set(keyList(keys))].map(id => ({ id, handler, event }));
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
