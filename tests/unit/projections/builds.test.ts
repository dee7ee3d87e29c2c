import { expect, test } from '@jest/globals';
import type { ProjectionsView } from '../../../src/application/ports/projection-states.ts';
import { Builds } from '../../../src/projections/builds.ts';

test('What is known of builds never goes back to what was asked for earlier', async () => {
  const newView = (): ProjectionsView => ({ nodes: [], projections: [] });
  const [older, newer] = [newView(), newView()];
  let answer = (_view: ProjectionsView): void => undefined;
  const early = new Promise<ProjectionsView>(resolve => (answer = resolve));
  const builds = new Builds({ readStates: async () => newer });

  const beat = builds.see(() => early);
  await builds.refresh();
  expect(builds.view).toBe(newer);
  answer(older);
  await beat;

  expect(builds.view).toBe(newer);
});
