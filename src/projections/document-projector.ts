import type { Recorded } from '../domain/index.ts';

/**
 * Base of a read model of documents by key.
 *
 * An `@On` method gets the document (undefined while there is none) and the recorded event, and returns the
 * document to store, or `null` to remove it. It only computes: a batch loads all its documents at once,
 * folds in memory, and writes them at once.
 */
export abstract class DocumentProjector<Document extends object> {
  /** Only for the compiler, which checks the `@On` methods against it. */
  declare readonly '~document': Document;

  /** The documents that an event concerns; default: the one under its aggregate's id. */
  key(event: Recorded): string | readonly string[] {
    return event.aggregateId;
  }
}

/** The document type of a projector. */
export type DocumentOf<P> = P extends DocumentProjector<infer Document> ? Document : never;
