import { appendFileSync } from 'node:fs';
import { currentTestName } from '../runner.ts';
import { printStory } from './print-story.ts';
import type { Told } from './told-story.ts';

/** A story as it stands in the file that `ANNALS_STORIES` names, one a line. */
export interface CollectedStory {
  readonly subject: string;
  /** The name of the test, where the runner tells it. */
  readonly test: string | undefined;
  readonly text: string;
}

/** Writes a story that has come true to the file that `ANNALS_STORIES` names; without it, nowhere. */
export function collectStory(told: Told): void {
  const path = process.env.ANNALS_STORIES;
  if (path === undefined || path === '') return;
  const { subject } = told.story;
  const collected: CollectedStory = { subject, test: currentTestName(), text: printStory(told) };
  // One short write to the end of a file: workers that do the same do not mix their lines.
  appendFileSync(path, `${JSON.stringify(collected)}\n`);
}
