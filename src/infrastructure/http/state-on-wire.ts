import { AnnalsError } from '../../domain/index.ts';

/** The state of an aggregate leads back to itself, which no JSON can say. */
export class UntellableState extends AnnalsError {
  readonly code = 'untellable-state';
  /** Where it does, e.g. `items[0].owner`. */
  readonly path: string;

  constructor(path: string) {
    super(`The state leads back to itself at "${path}", which no JSON can say. Keep an id there.`);
    this.path = path;
  }
}

/**
 * State as JSON on the wire: a map as an object when all its keys are texts, else as a list of pairs; a set as a list;
 * a bigint as a text. What is private to JavaScript (`#`) does not show.
 *
 * @throws {UntellableState} it leads back to itself
 */
export function stateOnWire(state: unknown): unknown {
  return tell(state, '', []);
}

function tell(value: unknown, path: string, above: readonly object[]): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (above.includes(value)) throw new UntellableState(path);
  const within = [...above, value];
  if (hasOwnJson(value)) return tell(value.toJSON(), path, within);
  const items = (list: readonly unknown[]): unknown[] =>
    list.map((item, index) => tell(item, `${path}[${index}]`, within));
  if (value instanceof Map) return isKeyedByText(value) ? fields([...value]) : items([...value]);
  if (value instanceof Set) return items([...value]);
  return Array.isArray(value) ? items(value) : fields(Object.entries(value));

  function fields(entries: readonly (readonly [string, unknown])[]): object {
    return Object.fromEntries(
      entries.map(([name, field]) => [name, tell(field, path === '' ? name : `${path}.${name}`, within)]),
    );
  }
}

function hasOwnJson(value: object): value is { toJSON(): unknown } {
  return typeof (value as { readonly toJSON?: unknown }).toJSON === 'function';
}

function isKeyedByText(map: ReadonlyMap<unknown, unknown>): map is ReadonlyMap<string, unknown> {
  return [...map.keys()].every(key => typeof key === 'string');
}
