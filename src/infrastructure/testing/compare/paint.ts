/** What a part of a failure message is, for the colour that it gets. */
export type Tone = 'wrong' | 'quiet' | 'loud';

const codes: Readonly<Record<Tone, readonly [number, number]>> = {
  wrong: [31, 39],
  quiet: [2, 22],
  loud: [1, 22],
};

/** Text in the colour of its tone on a terminal, and as it is everywhere else. */
export function paint(text: string, tone: Tone): string {
  if (text === '' || !hasColours()) return text;
  const [on, off] = codes[tone];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

/* Runners with workers set FORCE_COLOR for them, because only the runner itself sees the terminal. */
function hasColours(): boolean {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return process.stderr.isTTY;
}
