import { AnnalsError } from '../../domain/index.ts';

/**
 * What telemetry may say of an error: the code of one of Annals' own or of the system, otherwise its class.
 *
 * Never the message, which may hold what a payload held.
 */
export function errorType(error: unknown): string {
  if (error instanceof AnnalsError) return error.code;
  if (!(error instanceof Error)) return typeof error;
  const { code } = error as { code?: unknown };
  // The codes of Node and of PostgreSQL; anything longer is no code.
  return typeof code === 'string' && /^\w{1,40}$/.test(code) ? code : error.name;
}
