import { existsSync, readFileSync } from 'node:fs';
import type { CollectedStory } from './collect-story.ts';
import { heading } from './sentences.ts';

/** Reads the stories that test runs have left in a file; none where there is no file. */
export function readStories(path: string): readonly CollectedStory[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return lines.map(line => JSON.parse(line) as CollectedStory);
}

/** Stories as Markdown, by what they are about and by test, whatever the order in which they came true. */
export function printStories(stories: readonly CollectedStory[]): string {
  const subjects = [...new Set(stories.map(({ subject }) => subject))].sort();
  const parts = subjects.flatMap(subject => {
    const own = stories.filter(story => story.subject === subject);
    own.sort((left, right) => ((left.test ?? '') < (right.test ?? '') ? -1 : 1));
    return [`# ${heading(subject)}\n`, ...own.map(printStory)];
  });
  return parts.map(part => `${part}\n`).join('');
}

/* Without the first line, which is the subject again; a list, whose lines stay lines when it is shown. */
function printStory({ test, text }: CollectedStory, index: number): string {
  // Without a heading between them, two lists would be shown as one.
  const title = `## ${test ?? `Story ${index + 1}`}\n\n`;
  const lines = text.split('\n').slice(1);
  return `${title}${lines.map(line => line.replace(/^ *(\w+) +/, '- $1 ')).join('\n')}\n`;
}
