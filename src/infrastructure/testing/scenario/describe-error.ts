import { AggregateNotFound, ChangeAfterEnd, NoHandler } from '../../../application/index.ts';
import { AnnalsError, DomainError, formatStream } from '../../../domain/index.ts';
import { callerFrames } from '../caller-line.ts';
import { subjectName } from './world.ts';
import type { WorldPlan } from './world.ts';

/** An error with its message and the first line of the team's code that it came from. */
export function describeError(error: Error): string[] {
  const lines = error.message.split('\n');
  // What Annals throws itself comes from no line of the team's.
  const isOwn = error instanceof AnnalsError && !(error instanceof DomainError);
  const [frame] = isOwn ? [] : callerFrames(error.stack);
  return [
    `    ${error.name}: ${lines[0] ?? ''}`,
    ...lines.slice(1).map(line => `    ${line}`),
    ...(frame === undefined ? [] : [`      ${frame.trim()}`]),
  ];
}

/** What a person would try first to make an unexpected error go away; undefined where the error says it. */
export function adviceFor(error: Error, plan: WorldPlan): string | undefined {
  if (error instanceof AggregateNotFound) {
    const subject = subjectName(plan);
    const wanted = formatStream(error.stream);
    return wanted === subject || plan.subject === undefined
      ? 'Nothing was given for it. Begin with .events(...) or .commands(...).'
      : `The scenario is about ${subject}. If ${wanted} was meant, say so: scenarioFor(…, { id: '${error.stream.aggregateId}' }).`;
  }
  if (error instanceof NoHandler) {
    return 'The scenario knows no handler of it. Give it one: scenarioFor(…, { handlers: [...] }), or { modules: [...] }.';
  }
  if (error instanceof ChangeAfterEnd)
    return 'A handler returned before its changes were done. Look for a missing await.';
  return undefined;
}
