import type { Class } from '../domain/index.ts';
import { metadataKey } from '../domain/class-metadata.ts';
import { failurePolicy } from './failure-policy.ts';
import type { FailurePolicy, OnFailure } from './failure-policy.ts';

/**
 * When a projector runs:
 *
 * - `async`: behind the appends, from the feed; the default, and it slows nobody down
 * - `inline`: in the append's own transaction; never behind, but an error refuses the append
 * - `live`: only when asked, from the events; nothing is stored
 */
export type ProjectionMode = 'async' | 'inline' | 'live';

/** Options of `@Projector`. */
export interface ProjectorOptions {
  /** Raise it when the handlers change: the new version gets its own tables. Default 1. */
  readonly version?: number;
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
  const { version = 1, mode = 'async' } = options;
  const info: ProjectorInfo = { name, version, mode, failure: failurePolicy(name, options) };
  return projectorClass => projectorKey.write(projectorClass, info);
}

/** What `@Projector` said of a class; undefined if it is not decorated. */
export function projectorInfoOf(projectorClass: Class): ProjectorInfo | undefined {
  return projectorKey.read(projectorClass);
}
