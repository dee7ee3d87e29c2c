import type { ProjectionId, ProjectionTables, ReadModelStore } from 'annals';

/** Makes the first build of a projection, as an app does at its start. */
export async function addBuild(
  readModels: ReadModelStore,
  name: string,
  { tables = {}, shards = 1 }: { tables?: ProjectionTables; shards?: number } = {},
): Promise<ProjectionId> {
  const build = { name, version: 1, generation: 1 };
  await readModels.changeStates(({ states }) =>
    states.add({ ...build, status: 'live', shards, startAt: 0 }, tables),
  );
  return build;
}
