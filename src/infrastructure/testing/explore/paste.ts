import { aggregateClassOf } from '../../../domain/decider.ts';
import { errorsOf } from '../scenario/act.ts';
import { asCode } from './as-code.ts';
import type { Happening } from './happening.ts';
import { eventsOf, isRefusal } from './told-happenings.ts';
import type { Explored, ToldHappenings } from './told-happenings.ts';

/** A story that failed, as it was told. */
export interface FailedStory {
  readonly given: readonly object[];
  readonly happenings: readonly Happening[];
  readonly told: ToldHappenings;
}

/** The code of a test that tells the story, and fails as it did. */
export function pasteable(explored: Explored, { given, happenings, told }: FailedStory): string[] {
  const title = told.broken ?? 'a story that was found';
  const begin = given.length === 0 ? '.nothing()' : `.events(${given.map(asCode).join(', ')})`;
  const acts = happenings.flatMap(({ code }, index) => {
    const isLast = index === happenings.length - 1;
    return [`.when(${code})`, isLast ? endOf(explored, told) : `${outcomeOf(told, index)}.and`];
  });
  const lines = [`  ${subjectOf(explored)}`, ...[begin, ...acts].map(line => `    ${line}`)];
  return [`test(${asCode(title)}, () =>`, ...lines.slice(0, -1), `${lines.at(-1) ?? ''});`];
}

function subjectOf({ source, options }: Explored): string {
  const { name } = aggregateClassOf(source);
  const { id, handlers, modules, startsAt, bind, withoutLaws } = options;
  const parts = [
    ...(id === undefined ? [] : [`id: ${asCode(id)}`]),
    ...(handlers === undefined ? [] : [`handlers: [${handlers.map(handler => handler.name).join(', ')}]`]),
    ...(modules === undefined ? [] : ['modules: [/* as before */]']),
    ...(startsAt === undefined ? [] : [`startsAt: ${asCode(startsAt)}`]),
    ...(bind === undefined ? [] : ['bind: () => { /* as before */ }']),
    ...(withoutLaws === undefined ? [] : [`withoutLaws: ${asCode(withoutLaws)}`]),
  ];
  return parts.length === 0 ? `scenarioFor(${name})` : `scenarioFor(${name}, { ${parts.join(', ')} })`;
}

function endOf({ invariants }: Explored, told: ToldHappenings): string {
  const invariant = told.broken === undefined ? undefined : invariants[told.broken];
  // One that looks at the events as well has to be written anew.
  if (invariant === undefined || invariant.length > 1) return outcomeOf(told, told.acts.length - 1);
  return `.thenState(${functionCode(told.broken!, String(invariant))})`;
}

/* A method of an object literal is code only where it stands. */
function functionCode(name: string, text: string): string {
  const isExpression = /^(async\s*)?(function\b|\([^]*?\)\s*=>|[\w$]+\s*=>)/.test(text);
  return isExpression ? text.replace(/^\(?(\w+)\)?\s*=>\s*/, '$1 => ') : `({ ${text} })[${asCode(name)}]`;
}

function outcomeOf({ acts }: ToldHappenings, index: number): string {
  const act = acts[index];
  if (act === undefined) return '.thenNothing()';
  const [error] = errorsOf(act);
  // A fault is to be mended, not to be expected.
  if (error !== undefined) return isRefusal(error) ? `.thenFails(${error.name})` : '.thenNothing()';
  const events = eventsOf(act);
  return events.length === 0 ? '.thenNothing()' : `.thenEvents(${events.map(asCode).join(', ')})`;
}
