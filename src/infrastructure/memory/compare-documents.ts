import { isDeepStrictEqual } from 'node:util';
import type { Comparison, StoredDocument } from '../../application/ports/read-model-store.ts';

const maxExamples = 10;

/** Compares the documents of two builds, all of them or the first by id; see `ComparisonOptions`. */
export function compareDocuments(
  live: ReadonlyMap<string, StoredDocument>,
  built: ReadonlyMap<string, StoredDocument>,
  {
    sample = Infinity,
    through,
  }: { readonly sample: number | undefined; readonly through: number | undefined },
): Comparison {
  const ids = [...new Set([...live.keys(), ...built.keys()])].sort().slice(0, sample);
  const isDifferent = (id: string): boolean => differ(live.get(id), built.get(id), through);
  const different = ids.filter(isDifferent);
  const documents = {
    ...{ liveRows: live.size, builtRows: built.size, compared: ids.length },
    ...{ different: different.length, examples: different.slice(0, maxExamples) },
  };
  const countsMayDiffer = through !== undefined;
  const isSame = different.length === 0 && (countsMayDiffer || live.size === built.size);
  return { tables: { documents }, isSame };
}

function differ(
  left: StoredDocument | undefined,
  right: StoredDocument | undefined,
  through = Infinity,
): boolean {
  // One of them has moved on, and nobody can tell.
  const isMoving = [left, right].some(document => document !== undefined && document.position > through);
  if (isMoving && left?.position !== right?.position) return false;
  return !isDeepStrictEqual(left?.document, right?.document);
}
