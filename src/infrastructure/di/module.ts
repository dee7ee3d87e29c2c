import type { AggregateSource, Class } from '../../domain/index.ts';
import type { Command, CommandMiddleware, Query, Upcaster } from '../../application/index.ts';
import type { ReadModelProjector } from '../../projections/index.ts';

/** A handler class as a module lists it. */
export type HandlerClass = Class<{ handle(message: never, context: never): unknown }>;

/** What a part of the application consists of. */
export interface ModuleDefinition {
  /** Named in start-up problems. */
  readonly name?: string;
  /** Aggregate classes and deciders. */
  readonly aggregates?: readonly AggregateSource[];
  /** Events that no aggregate has an `@On` for; the others are found by themselves. */
  readonly events?: readonly Class[];
  /** How events that are stored in older shapes are read today. */
  readonly upcasters?: readonly Upcaster[];
  /** Handlers of commands and queries, decorated with `@Handles`. */
  readonly handlers?: readonly HandlerClass[];
  /** Commands and queries that must have a handler, wherever it is. */
  readonly messages?: readonly Class<Command<unknown> | Query<unknown>>[];
  /** Document and table projectors and event handlers, decorated with `@Projector`. */
  readonly projectors?: readonly Class[];
  /** Registers functions for events by hand. */
  readonly register?: (registry: ReadModelProjector) => void;
  /** Runs around every command of the app, in order. */
  readonly middleware?: readonly CommandMiddleware[];
}

/** A module, to be listed in `createApp` or `bindAnnals`. */
export type AnnalsModule = Readonly<ModuleDefinition>;

/** Lists what a part of the application consists of; nothing is found by scanning or by import order. */
export function defineModule(definition: ModuleDefinition): AnnalsModule {
  return Object.freeze({ ...definition });
}
