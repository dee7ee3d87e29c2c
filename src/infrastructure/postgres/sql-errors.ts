import { AnnalsError } from '../../domain/index.ts';

/** What the drivers' errors have in common. */
interface DriverError {
  readonly code?: string;
  readonly constraint?: string;
  readonly message?: string;
}

/** The five-character code of a PostgreSQL error, or the driver's or system's own code. */
export function sqlCode(error: unknown): string | undefined {
  return (error as DriverError | null)?.code;
}

/** The constraint that a statement violated. */
export function violatedConstraint(error: unknown): string | undefined {
  return (error as DriverError | null)?.constraint;
}

const lostConnectionCodes = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
// Shutdown by the administrator, crash, start-up, no connection left; class 08 is "connection exception".
const serverGoneCodes = new Set(['57P01', '57P02', '57P03', '57P05', '25P03', '53300']);
const lostConnectionMessage = /connection terminated|connection ended|not queryable/i;
const connectTimeoutMessage =
  /timeout exceeded when trying to connect|connection terminated due to connection timeout/i;

/** A transaction was undone although nobody asked for it: a statement in it had failed before. */
export class TransactionRolledBack extends AnnalsError {
  readonly code = 'transaction-rolled-back';

  constructor(options?: ErrorOptions) {
    super(
      'A statement inside a transaction failed and its error was caught, so PostgreSQL undid the whole transaction. ' +
        'Nothing was stored. Let the error through, or write the statement so that it cannot fail.',
      options,
    );
  }
}

/** The server took a statement and did not answer in time: it is frozen, out of reach, or waits for a lock. */
export class AnswerTimedOut extends AnnalsError {
  readonly code = 'answer-timed-out';
  readonly timeoutMs: number;

  constructor(timeoutMs: number, options?: ErrorOptions) {
    super(
      `The database did not answer within ${timeoutMs} ms, so the connection was given up. ` +
        'Check that it runs, and what it waits for; raise answerTimeoutMs if it only needs longer.',
      options,
    );
    this.timeoutMs = timeoutMs;
  }
}

/** Whether the driver gave up waiting for an answer. */
export function isAnswerTimeout(error: unknown): boolean {
  return (error as DriverError | null)?.message === 'Query read timeout';
}

/** Whether the server let a statement or a new connection wait for too long. */
export function isTimedOut(error: unknown): boolean {
  if (error instanceof AnswerTimedOut) return true;
  return connectTimeoutMessage.test((error as DriverError | null)?.message ?? '');
}

/** Whether the connection was lost, so that nobody knows what became of the call. */
export function isLostConnection(error: unknown): boolean {
  if (isTimedOut(error)) return true;
  const code = sqlCode(error) ?? '';
  if (lostConnectionCodes.has(code) || serverGoneCodes.has(code) || isConnectionException(code)) return true;
  return lostConnectionMessage.test((error as DriverError | null)?.message ?? '');
}

const notSentCodes = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  '53300',
  '57P03',
]);
const notSentMessage = /timeout exceeded when trying to connect|due to connection timeout/i;

/** Whether no connection came about, so that the call was surely not sent. */
export function isNotSent(error: unknown): boolean {
  return (
    notSentCodes.has(sqlCode(error) ?? '') ||
    notSentMessage.test((error as DriverError | null)?.message ?? '')
  );
}

/* 08P01 is a message that PostgreSQL cannot read, e.g. one that is too long: sending it again is no use. */
function isConnectionException(code: string): boolean {
  return code.startsWith('08') && code !== '08P01';
}

/** Whether the server gave the call up for reasons of its own: no disk or memory, a time-out, an I/O error. */
export function isRefusedByServer(error: unknown): boolean {
  return /^(?:53[124]|57014|58)/.test(sqlCode(error) ?? '');
}

/** Whether PostgreSQL undid the call to resolve a collision; the same call may succeed now. */
export function isTransientCollision(error: unknown): boolean {
  const code = sqlCode(error);
  return code === '40P01' || code === '40001';
}

// Wrong role or password, no such database, no such socket, an address that is none.
const noEntryCodes = /^(?:28\w{3}|3D000|ENOENT|ERR_INVALID_URL)$/;
const noEntryMessage = /\bSASL\b|does not support SSL/;

/** Whether no connection can be made, now or with what was given to make it. */
export function isUnreachable(error: unknown): boolean {
  if (isLostConnection(error) || noEntryCodes.test(sqlCode(error) ?? '')) return true;
  return noEntryMessage.test((error as DriverError | null)?.message ?? '');
}
