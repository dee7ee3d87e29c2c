import type { Class } from '../domain/index.ts';
import { metadataKey } from '../domain/class-metadata.ts';
import { checkShards } from './check-shards.ts';
import { checkChoice, failurePolicy } from './failure-policy.ts';
import type { FailurePolicy, OnFailure } from './failure-policy.ts';

/**
 * When a projector runs:
 *
 * - `async`: behind the appends, from the feed; the default, and it slows nobody down
 * - `inline`: in the append's own transaction; never behind, but an error refuses the append
 * - `live`: only when asked, from the events; nothing is stored
 */
export type ProjectionMode = 'async' | 'inline' | 'live';

/**
 * What to do at the start when another version of a projector is live:
 *
 * - `swap`: build the new version beside it, and let it take its place as soon as it has caught up; the default
 * - `build`: build it, and wait for an operator to swap
 * - `wait`: wait for an operator to rebuild
 */
export type OnNewVersion = 'swap' | 'build' | 'wait';

/** Options of `@Projector`. */
export interface ProjectorOptions {
  /** Raise it when the handlers change: the new version is built beside the old one, which serves meanwhile. Default 1. */
  readonly version?: number;
  /** Default `swap`. */
  readonly onNewVersion?: OnNewVersion;
  /** Into how many parts its keys are divided, which several nodes can handle side by side; default 1. */
  readonly shards?: number;
  /** Default `async`. */
  readonly mode?: ProjectionMode;
  /** What becomes of an event that fails, of an async projector; default `park`. */
  readonly onFailure?: OnFailure;
  /** How often an event is tried before it counts as failed; default 3. */
  readonly attempts?: number;
  /** How many events may be parked before the projection stops instead; default 10,000. */
  readonly maxParked?: number;
}

/** What `@Projector` says of a class. */
export interface ProjectorInfo {
  readonly name: string;
  readonly version: number;
  readonly mode: ProjectionMode;
  readonly onNewVersion: OnNewVersion;
  readonly shards: number;
  readonly failure: FailurePolicy;
}

const projectorKey = metadataKey<ProjectorInfo>('projector');

/**
 * Names a read model: `@Projector('balances', { version: 1 })`. Its tables are named after it.
 *
 * @param name - up to 28 lower-case letters, digits and underscores
 * @throws {InvalidProjectorOption} an option makes no sense
 */
export function Projector(name: string, options: ProjectorOptions = {}): (projectorClass: Class) => void {
  const { version = 1, mode = 'async', onNewVersion = 'swap', shards = 1 } = options;
  checkShards(name, shards);
  checkChoice(name, 'mode', mode, ['async', 'inline', 'live']);
  checkChoice(name, 'onNewVersion', onNewVersion, ['swap', 'build', 'wait']);
  const failure = failurePolicy(name, options);
  const info: ProjectorInfo = { name, version, mode, onNewVersion, shards, failure };
  return projectorClass => projectorKey.write(projectorClass, info);
}

/** What `@Projector` said of a class; undefined if it is not decorated. */
export function projectorInfoOf(projectorClass: Class): ProjectorInfo | undefined {
  return projectorKey.read(projectorClass);
}
