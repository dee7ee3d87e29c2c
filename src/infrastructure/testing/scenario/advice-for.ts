import { AggregateNotFound, ChangeAfterEnd, NoHandler } from '../../../application/index.ts';
import { formatStream } from '../../../domain/index.ts';
import { subjectName } from './world.ts';
import type { WorldPlan } from './world.ts';

/** What a person would try first to make an unexpected error go away; undefined where the error says it. */
export function adviceFor(error: Error, plan: WorldPlan): string | undefined {
  if (error instanceof AggregateNotFound) {
    const subject = subjectName(plan);
    const wanted = formatStream(error.stream);
    return wanted === subject || plan.subject === undefined
      ? 'Nothing was given for it. Begin with .events(...) or .commands(...).'
      : `The scenario is about ${subject}. If ${wanted} was meant, say so: scenarioFor(…, { id: '${error.stream.aggregateId}' }).`;
  }
  if (error instanceof NoHandler && plan.subject !== undefined) {
    return 'The scenario knows no handler of it. Give it one: scenarioFor(…, { handlers: [...] }), or { modules: [...] }.';
  }
  if (error instanceof ChangeAfterEnd)
    return 'A handler returned before its changes were done. Look for a missing await.';
  return undefined;
}
