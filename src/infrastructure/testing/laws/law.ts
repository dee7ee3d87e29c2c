import type { Act } from '../scenario/act.ts';
import type { World } from '../scenario/world.ts';

/** The name of a law, by which a scenario can switch it off. */
export type LawName =
  | 'apply-only-changes-state'
  | 'events-survive-storage'
  | 'events-are-known'
  | 'refusal-leaves-nothing'
  | 'replay-equals-live'
  | 'same-input-same-events'
  | 'snapshot-equals-replay'
  | 'upcasters-are-pure'
  | 'upcast-events-survive-storage'
  | 'redelivery-changes-nothing'
  | 'restart-changes-nothing'
  | 'rebuild-changes-nothing'
  | 'mode-changes-nothing'
  | 'shards-change-nothing';

/** How a law is broken. */
export interface Breach {
  readonly law: LawName;
  /** One sentence: what differs, of which aggregate or event. */
  readonly claim: string;
  /** The smallest example, line by line. */
  readonly details: readonly string[];
  /** One sentence: what does it, where that can be told. */
  readonly culprit?: string;
  /** What happens in production, and what to do. */
  readonly why: string;
}

/** Something that must hold after every `when`, whatever the scenario is about. */
export interface Law {
  readonly name: LawName;
  /** Undefined where the law holds, or does not apply. */
  check(world: World, act: Act): Promise<Breach | undefined>;
}

/** A breach as a failure message. */
export function describeBreach({ law, claim, details, culprit, why }: Breach): string {
  const advice = [...wrap(why), `Switch this law off, if you must, with { withoutLaws: ['${law}'] }.`];
  return [
    `The law "${law.replaceAll('-', ' ')}" is broken: ${claim}`,
    '',
    ...details,
    ...(culprit === undefined ? [] : ['', `    ${culprit}`]),
    '',
    ...advice.map(line => `  ${line}`),
  ].join('\n');
}

/** A breach as a line below another failure, of which it may be the cause. */
export function hintAt({ law, claim, culprit }: Breach): string {
  const text = `The law "${law.replaceAll('-', ' ')}" is broken, too, which may be the cause: ${claim}`;
  return wrap(culprit === undefined ? text : `${text} ${culprit}`)
    .map(line => `  ${line}`)
    .join('\n');
}

const lineLength = 100;

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || `${last} ${word}`.length > lineLength) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
