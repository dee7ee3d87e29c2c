import type { Recorded } from '../../../domain/index.ts';
import type { Upcaster, Upcasters } from '../../../application/index.ts';
import { runSplit, runSteps } from '../../../application/schema/run-upcaster.ts';

/** One upcaster at work on one stored event. */
export interface UpcasterUse {
  readonly upcaster: Upcaster;
  /** What it is given, to be copied before anybody changes it. */
  readonly payload: object;
}

/** The part of a stored event that says how it is read. */
type Shaped = Pick<Recorded, 'type' | 'schemaVersion'>;

/**
 * Every use of an upcaster on the way of a stored event to what it is today, in order.
 *
 * @throws {UnableToUpcast} behind the use that fails
 */
export function* usesOn(
  upcasters: Upcasters,
  stored: Recorded,
  { type, schemaVersion }: Shaped = stored,
  payload = stored.payload as object,
): Iterable<UpcasterUse> {
  const path = upcasters.pathOf(type, schemaVersion);
  if (path === undefined) return;
  let given = payload;
  for (const upcaster of path.steps) {
    yield { upcaster, payload: given };
    given = runSteps(stored, [upcaster], structuredClone(given));
  }
  if (path.split === undefined) return;
  yield { upcaster: path.split.upcaster, payload: given };
  const parts = runSplit(stored, path.split, structuredClone(given));
  for (const [index, part] of parts.entries()) {
    if (part === undefined) continue;
    const { type: name, version } = path.split.into[index]!;
    yield* usesOn(upcasters, stored, { type: name, schemaVersion: version }, part);
  }
}
