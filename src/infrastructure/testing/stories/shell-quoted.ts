/** An argument as the shell of this machine takes it: as it is, whatever is in it. */
export function shellQuoted(argument: string): string {
  // That of Windows knows no quotes in which nothing means anything.
  return process.platform === 'win32' ? JSON.stringify(argument) : `'${argument.replaceAll("'", "'\\''")}'`;
}
