import type { NodeState, ProjectionId } from '../application/ports/projection-states.ts';
import type { Projection } from './projection.ts';

const inlineSuffix = ' inline';

type NameAndVersion = Pick<ProjectionId, 'name' | 'version'>;

/** What a node says that it has the code of. */
export function capabilities(projections: readonly Projection[]): readonly string[] {
  const stored = projections.filter(({ mode }) => mode !== 'live');
  return [...stored.map(runs), ...inlineCapabilities(projections)];
}

/** What it says while it does not run shards yet, but may append. */
export function inlineCapabilities(projections: readonly Projection[]): readonly string[] {
  return projections.filter(({ mode }) => mode === 'inline').map(runsInline);
}

/** The projections that appends of some node write to, or may be about to. */
export function inlineNames(nodes: readonly NodeState[]): readonly string[] {
  const said = nodes.flatMap(node => node.runs).filter(text => text.endsWith(inlineSuffix));
  return [...new Set(said.map(text => text.slice(0, text.lastIndexOf('@'))))];
}

/** Whether a node has the code of a projection. */
export function canRun(node: NodeState, projection: NameAndVersion): boolean {
  return node.runs.includes(runs(projection));
}

/** Whether the appends of a node write to a projection. */
export function writesInline(node: NodeState, projection: NameAndVersion): boolean {
  return node.runs.includes(runsInline(projection));
}

function runs({ name, version }: NameAndVersion): string {
  return `${name}@${version}`;
}

function runsInline(projection: NameAndVersion): string {
  return `${runs(projection)}${inlineSuffix}`;
}
