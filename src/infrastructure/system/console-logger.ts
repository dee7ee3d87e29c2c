import type { Logger } from '../../application/ports/logger.ts';

/** Writes one line a message to standard error. */
export const consoleLogger: Logger = {
  info: (message, facts) => write('info', message, facts),
  warn: (message, facts) => write('warn', message, facts),
  error: (message, facts) => write('error', message, facts),
};

/** Writes nothing. */
export const silentLogger: Logger = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

function write(level: string, message: string, facts: Readonly<Record<string, unknown>> = {}): void {
  const shown = Object.entries(facts).map(([name, value]) => ` ${name}=${show(value)}`);
  process.stderr.write(`annals ${level}: ${message}${shown.join('')}\n`);
}

function show(value: unknown): string {
  try {
    return JSON.stringify(value instanceof Error ? value.message : value);
  } catch {
    return String(value);
  }
}
