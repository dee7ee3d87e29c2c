import { randomBytes } from 'node:crypto';
import type { EventStore } from '../../../application/ports/event-store.ts';
import type { ProjectionId } from '../../../application/ports/projection-states.ts';
import type {
  ProjectionTables,
  ReadModelStore,
  StoredDocument,
} from '../../../application/ports/read-model-store.ts';

/** A store of read models, with builds and streams that no other case uses. */
export class ReadModelsUnderTest {
  readonly store: ReadModelStore;
  readonly events: EventStore;
  readonly #builds: ProjectionId[] = [];
  readonly #prefix = `${this.name()}/`;

  constructor({ readModels, events }: { readonly readModels: ReadModelStore; readonly events: EventStore }) {
    this.store = readModels;
    this.events = events;
  }

  /** The id of a stream of this case. */
  own(id: string): string {
    return `${this.#prefix}${id}`;
  }

  /** What `own` was given. */
  short(ownId: string): string {
    return ownId.replace(this.#prefix, '');
  }

  /** A name that no other case uses. */
  name(): string {
    return `case_${randomBytes(8).toString('hex')}`;
  }

  /** A new build, which serves, with nothing in it. */
  async build(
    tables: ProjectionTables = 'documents',
    name = this.name(),
    generation = 1,
    shards = 1,
  ): Promise<ProjectionId> {
    const build = { name, version: 1, generation };
    const status = generation === 1 ? 'live' : 'building';
    await this.store.changeStates(({ states }) =>
      states.add({ ...build, status, shards, startAt: 0 }, tables),
    );
    this.#builds.push(build);
    return build;
  }

  /** Saves documents in a transaction of their own; null removes one. */
  async save(
    build: ProjectionId,
    documents: Readonly<Record<string, object | null>>,
    position = 1,
  ): Promise<void> {
    const changes = Object.entries(documents).map(([id, document]) => ({
      ...{ id, json: document === null ? null : JSON.stringify(document), version: position, position },
    }));
    await this.store.transaction(transaction => transaction.saveDocuments(build, changes));
  }

  /** All documents of a build by id, without their places. */
  async documents(build: ProjectionId): Promise<Record<string, unknown>> {
    const { documents } = await this.store.findDocuments(build, { limit: 10_000 });
    return Object.fromEntries(documents.map(({ id, document }) => [id, document]));
  }

  /** The ids of documents, in their order. */
  idsOf(documents: readonly StoredDocument[]): readonly string[] {
    return documents.map(({ id }) => id);
  }

  async removeBuilds(): Promise<void> {
    for (const build of this.#builds) await this.store.changeStates(({ states }) => states.remove(build));
  }
}

/** What a case does with a store of read models. */
export type ReadModelCaseBody = (subject: ReadModelsUnderTest) => Promise<void>;
