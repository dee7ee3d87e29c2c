import type { Class } from '../domain/index.ts';
import { metadataKey } from '../domain/class-metadata.ts';

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
}

/** What `@Projector` says of a class. */
export interface ProjectorInfo {
  readonly name: string;
  readonly version: number;
  readonly mode: ProjectionMode;
}

const projectorKey = metadataKey<ProjectorInfo>('projector');

/**
 * Names a read model: `@Projector('balances', { version: 1 })`. Its tables are named after it.
 *
 * @param name - up to 28 lower-case letters, digits and underscores
 */
export function Projector(name: string, options: ProjectorOptions = {}): (projectorClass: Class) => void {
  const info: ProjectorInfo = { name, version: options.version ?? 1, mode: options.mode ?? 'async' };
  return projectorClass => projectorKey.write(projectorClass, info);
}

/** What `@Projector` said of a class; undefined if it is not decorated. */
export function projectorInfoOf(projectorClass: Class): ProjectorInfo | undefined {
  return projectorKey.read(projectorClass);
}
