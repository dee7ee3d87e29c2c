import { toJsonText } from '../application/events/json-text.ts';
import type { EventReader } from '../application/schema/event-reader.ts';
import type { Class, Recorded } from '../domain/index.ts';
import { disregard, isThenable } from '../domain/is-thenable.ts';
import type { ProjectionId } from '../application/ports/projection-states.ts';
import type {
  DocumentChange,
  ReadModelTransaction,
  StoredDocument,
} from '../application/ports/read-model-store.ts';
import type { DocumentProjector } from './document-projector.ts';
import { DocumentProjector as DocumentProjectorBase } from './document-projector.ts';
import type { FailurePolicy } from './failure-policy.ts';
import type { Projection, WantedKeys } from './projection.ts';
import { readModelBatchSize } from './projection.ts';
import { ProjectorReturnedNothing, ProjectorReturnedPromise } from './projection-errors.ts';
import { keyList, projectorHandlers } from './projector-handlers.ts';
import type { ProjectorHandler } from './projector-handlers.ts';
import type { OnNewVersion, ProjectionMode, ProjectorInfo } from './projector.ts';

/** A document while a batch is folded. */
interface DocumentEntry {
  readonly id: string;
  document: object | null | undefined;
  /** The last event that was folded into it; undefined as long as it is what was loaded. */
  changedBy: Recorded | undefined;
}

/* One entry a document, found once for each event: a batch is folded in less time than its maps take. */
class DocumentBatch {
  readonly #projection: string;
  readonly #entries = new Map<string, DocumentEntry>();

  constructor(projection: string) {
    this.#projection = projection;
  }

  get ids(): readonly string[] {
    return [...this.#entries.keys()];
  }

  entry(id: string): DocumentEntry {
    let entry = this.#entries.get(id);
    if (entry === undefined) {
      entry = { id, document: undefined, changedBy: undefined };
      this.#entries.set(id, entry);
    }
    return entry;
  }

  /** Sets what the documents were before the batch. */
  begin(loaded: ReadonlyMap<string, unknown>): void {
    for (const [id, document] of loaded) this.entry(id).document = document as object;
  }

  /* What JSON would change is refused here, because the next batch would find another document than this one. */
  changes(): DocumentChange[] {
    const changes: DocumentChange[] = [];
    for (const { id, document, changedBy } of this.#entries.values()) {
      if (changedBy === undefined) continue;
      const json = document == null ? null : this.#toJson(id, document);
      changes.push({ id, json, version: changedBy.version, position: changedBy.position });
    }
    return changes;
  }

  #toJson(id: string, document: object): string {
    const owner = (): string => `projection ${this.#projection}, document ${JSON.stringify(id)}`;
    return toJsonText(document, owner, 'document');
  }
}

/** Runs a document projector. */
export class DocumentProjection implements Projection {
  readonly name: string;
  readonly version: number;
  readonly mode: ProjectionMode;
  readonly shards: number;
  readonly onNewVersion: OnNewVersion;
  readonly projectorClass: Class;
  readonly tables = 'documents';
  readonly types: readonly string[];
  readonly batchSize = readModelBatchSize;
  readonly failure: FailurePolicy;
  /** Whether an event concerns the document under its aggregate's id and no other. */
  readonly isKeyedByAggregate: boolean;
  readonly #projector: DocumentProjector<object>;
  readonly #handlers: Map<string, ProjectorHandler[]>;
  readonly #reader: EventReader;
  readonly #storedTypes: ReadonlySet<string>;

  constructor(
    projector: DocumentProjector<object>,
    projectorClass: Class,
    info: ProjectorInfo,
    reader: EventReader,
  ) {
    this.name = info.name;
    this.version = info.version;
    this.mode = info.mode;
    this.shards = info.shards;
    this.onNewVersion = info.onNewVersion;
    this.failure = info.failure;
    this.projectorClass = projectorClass;
    this.#projector = projector;
    this.#handlers = projectorHandlers(projector, projectorClass);
    this.#reader = reader;
    this.types = reader.storedTypes(this.#handlers.keys());
    this.#storedTypes = new Set(this.types);
    this.isKeyedByAggregate =
      projector.key === DocumentProjectorBase.prototype.key &&
      [...this.#handlers.values()].flat().every(handler => handler.key === undefined);
  }

  keysOf(event: Recorded): readonly string[] {
    // Known even of an event that cannot be read.
    if (this.isKeyedByAggregate) return this.#storedTypes.has(event.type) ? [event.aggregateId] : [];
    const batch = new DocumentBatch(this.name);
    this.#stepsOf(event, batch, undefined);
    return batch.ids;
  }

  async project(
    events: readonly Recorded[],
    transaction: ReadModelTransaction,
    target: ProjectionId,
    isWanted?: WantedKeys,
  ): Promise<void> {
    const batch = new DocumentBatch(this.name);
    const steps = events.flatMap(event => this.#stepsOf(event, batch, isWanted));
    if (steps.length === 0) return;
    batch.begin(await transaction.loadDocuments(target, batch.ids));
    for (const step of steps) this.#run(step);
    await transaction.saveDocuments(target, batch.changes());
  }

  /** The document under `id` after these events, starting from none. */
  async fold(id: string, events: AsyncIterable<Recorded>): Promise<StoredDocument | undefined> {
    const batch = new DocumentBatch(this.name);
    for await (const event of events) {
      for (const step of this.#stepsOf(event, batch, (_event, key) => key === id)) this.#run(step);
    }
    // Through JSON like a stored one, so that it looks the same in every mode.
    const [change] = batch.changes();
    if (change?.json == null) return undefined;
    const { json, ...place } = change;
    return { ...place, document: JSON.parse(json) as unknown };
  }

  #stepsOf(stored: Recorded, batch: DocumentBatch, isWanted: WantedKeys | undefined): Step[] {
    if (!this.#storedTypes.has(stored.type)) return [];
    // What belongs to another shard need not even be read.
    if (this.isKeyedByAggregate && isWanted?.(stored, stored.aggregateId) === false) return [];
    const steps: Step[] = [];
    for (const event of this.#reader.read(stored)) {
      for (const handler of this.#handlers.get(event.type) ?? []) {
        for (const id of this.#keysFor(handler, event)) {
          if (isWanted?.(stored, id) ?? true) steps.push({ entry: batch.entry(id), handler, event });
        }
      }
    }
    return steps;
  }

  #keysFor(handler: ProjectorHandler, event: Recorded<object>): Iterable<string> {
    const keys = handler.key === undefined ? this.#projector.key(event) : handler.key(event);
    const list = keyList(keys, handler.name);
    return list.length > 1 ? new Set(list) : list;
  }

  #run({ entry, handler, event }: Step): void {
    const document = handler.call(entry.document ?? undefined, event) as object | null | undefined;
    if (document === undefined) throw new ProjectorReturnedNothing(this.projectorClass.name, handler.name);
    if (isThenable(document)) {
      disregard(document);
      throw new ProjectorReturnedPromise(this.projectorClass.name, handler.name);
    }
    entry.document = document;
    entry.changedBy = event;
  }
}

interface Step {
  readonly entry: DocumentEntry;
  readonly handler: ProjectorHandler;
  readonly event: Recorded<object>;
}
