import type { KnownTypes } from './known-types.ts';
import { isSplit, shapeName } from './upcaster.ts';
import type { EventShape, Upcaster } from './upcaster.ts';

// So many missing versions say enough.
const mostListed = 5;

/** Everything that keeps upcasters from leading every stored event to a shape of today, as sentences. */
export function upcasterProblems(upcasters: readonly Upcaster[], known: KnownTypes): readonly string[] {
  const byType = versionsByType(upcasters, known);
  return [
    ...[...byType].flatMap(([type, versions]) => [
      ...twice(type, versions),
      ...tooNew(type, versions, known),
      ...holes(type, versions, known),
    ]),
    ...upcasters.flatMap(upcaster => deadEnds(upcaster, byType, known)),
    ...circles(byType, known),
  ];
}

/** What an upcaster leads to, under the names that the types have today. */
export function targetsOf({ into }: Upcaster, known: KnownTypes): readonly EventShape[] {
  const targets = isSplit(into) ? into : [into];
  return targets.map(({ type, version }) => ({ type: known.nameOf(type), version }));
}

type Versions = ReadonlyMap<number, readonly Upcaster[]>;

function versionsByType(upcasters: readonly Upcaster[], known: KnownTypes): ReadonlyMap<string, Versions> {
  const byType = new Map<string, Map<number, readonly Upcaster[]>>();
  for (const upcaster of upcasters) {
    const type = known.nameOf(upcaster.type);
    const versions = byType.get(type) ?? new Map<number, readonly Upcaster[]>();
    versions.set(upcaster.version, [...(versions.get(upcaster.version) ?? []), upcaster]);
    byType.set(type, versions);
  }
  return byType;
}

function twice(type: string, versions: Versions): string[] {
  return [...versions]
    .filter(([, same]) => same.length > 1)
    .map(
      ([version, same]) => `There are ${same.length} upcasters of ${shapeName({ type, version })}. Keep one.`,
    );
}

function tooNew(type: string, versions: Versions, known: KnownTypes): string[] {
  const current = known.versionOf(type);
  if (current === undefined) return [];
  return [...versions.keys()]
    .filter(version => version >= current)
    .map(
      version =>
        `There is an upcaster of ${shapeName({ type, version })}, but events of that class are written at v${current}. ` +
        `Raise it: @Event('${type}', { version: ${version + 1} }); or leave out the class, if its events are read as another.`,
    );
}

function holes(type: string, versions: Versions, known: KnownTypes): string[] {
  const current = known.versionOf(type);
  const last = current === undefined ? Math.max(...versions.keys()) : current - 1;
  const missing: number[] = [];
  for (let version = 1; version <= last && missing.length < mostListed; version++) {
    if (!versions.has(version)) missing.push(version);
  }
  if (missing.length === 0) return [];
  const named = missing.map(version => `v${version}`).join(', ');
  return [`"${type}" has upcasters, but none of ${named}. Write one for each version from 1 to ${last}.`];
}

function deadEnds(
  upcaster: Upcaster,
  byType: ReadonlyMap<string, Versions>,
  known: KnownTypes,
): readonly string[] {
  const own = known.nameOf(upcaster.type);
  return targetsOf(upcaster, known).flatMap(target => {
    const { type, version } = target;
    const current = known.versionOf(type);
    const lead = `The upcaster of ${shapeName(upcaster)} leads to ${shapeName(target)}`;
    if (current === undefined && byType.get(type)?.has(version) !== true) {
      return [
        `${lead}, which no module knows and no upcaster takes further. List its class in a module's events.`,
      ];
    }
    if (current === undefined || version <= current) return [];
    // It is said already that the upcaster is too new.
    if (type === own && version === upcaster.version + 1) return [];
    return [`${lead}, but the class is at v${current}. Lead to a version from 1 to ${current}.`];
  });
}

function circles(byType: ReadonlyMap<string, Versions>, known: KnownTypes): string[] {
  const finished = new Set<string>();
  const found: string[] = [];
  const follow = (shape: EventShape, way: readonly string[]): void => {
    const name = shapeName(shape);
    if (way.includes(name)) {
      const circle = [...way.slice(way.indexOf(name)), name].join(' → ');
      found.push(`Upcasters lead in a circle: ${circle}. Change the into of one.`);
    }
    if (way.includes(name) || finished.has(name)) return;
    for (const upcaster of byType.get(shape.type)?.get(shape.version) ?? []) {
      for (const target of targetsOf(upcaster, known)) follow(target, [...way, name]);
    }
    finished.add(name);
  };
  for (const [type, versions] of byType) {
    for (const version of versions.keys()) follow({ type, version }, []);
  }
  return found;
}
