// Frames of this package are not the caller's; as a path in one runner, as a URL in another.
const ownRoots = [
  new URL('../..', import.meta.url).pathname,
  decodeURI(new URL('../..', import.meta.url).pathname),
];

/** The frames of a stack that belong to the team's code, nearest first. */
export function callerFrames(stack: string | undefined): string[] {
  const frames = (stack ?? '').split('\n').filter(line => line.trim().startsWith('at '));
  return frames.filter(line => !isOwn(line.replaceAll('\\', '/')));
}

/** The line of the team's code that called: `at file:line:column`. */
export function callerLine(): string {
  const { stack } = new Error();
  return (callerFrames(stack)[0] ?? stack?.split('\n')[1] ?? '').trim();
}

function isOwn(line: string): boolean {
  return (
    ownRoots.some(root => line.includes(root)) ||
    line.includes('node:internal') ||
    line.endsWith('(<anonymous>)') ||
    line.includes('(node:')
  );
}
