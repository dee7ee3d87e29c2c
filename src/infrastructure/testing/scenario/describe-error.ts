import { AnnalsError, DomainError } from '../../../domain/index.ts';
import { callerFrames } from '../caller-line.ts';

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
    ...causeOf(error),
  ];
}

/* Of what Annals throws itself the cause may come from the team's code. */
function causeOf({ cause }: Error): string[] {
  return cause instanceof Error ? ['', '    Caused by:', ...describeError(cause)] : [];
}
