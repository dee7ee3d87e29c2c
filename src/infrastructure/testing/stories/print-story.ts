import { heading } from './sentences.ts';
import type { Told, ToldStory } from './told-story.ts';

const words = { given: 'Given', when: 'When', then: 'Then' } as const;

/**
 * A scenario as Given/When/Then text, for people who do not read code.
 *
 *     Account
 *       Given account opened (owner: "Ada")
 *       When  deposit(30)
 *       Then  account deposited (amount: 30)
 */
export function printStory({ story }: Told): string {
  return [heading(story.subject), ...linesOf(story).map(line => `  ${line}`)].join('\n');
}

function linesOf({ steps }: ToldStory): string[] {
  const lines: string[] = [];
  let kindBefore: string | undefined;
  for (const { kind, lines: own } of steps) {
    for (const line of own) {
      lines.push(`${(kind === kindBefore ? 'and' : words[kind]).padEnd(5)} ${line}`);
      kindBefore = kind;
    }
  }
  return lines;
}
