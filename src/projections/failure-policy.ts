import { AnnalsError } from '../domain/index.ts';
import { shown } from '../application/events/shown.ts';

/**
 * What becomes of an event that a projector cannot handle, after all attempts:
 *
 * - `park`: it waits with all later events of its key until an operator retries or discards them; the default
 * - `stop`: the projection stops before it, with nothing of the batch kept
 * - `skip`: it is recorded as discarded, and its key goes on without it
 */
export type OnFailure = 'park' | 'stop' | 'skip';

/** How a projection treats events that fail. */
export interface FailurePolicy {
  readonly onFailure: OnFailure;
  /** How often an event is tried. */
  readonly attempts: number;
  /** How many events may be parked before the projection stops instead. */
  readonly maxParked: number;
}

/** Three attempts outlast a hiccup and take a fifth of a second; 10,000 keys fit into memory with ease. */
export const defaultFailurePolicy: FailurePolicy = { onFailure: 'park', attempts: 3, maxParked: 10_000 };

/** An option of `@Projector`, or of what an operator does to a projection, makes no sense. */
export class InvalidProjectorOption extends AnnalsError {
  readonly code = 'invalid-projector-option';

  constructor(projector: string, option: string, value: unknown, rule: string) {
    super(`Projector "${projector}" was given ${option} ${shown(value)}. Give ${rule}.`);
  }
}

/** Refuses what the compiler would have refused. @throws {InvalidProjectorOption} it is none of them */
export function checkChoice<Choice extends string>(
  projector: string,
  option: string,
  value: Choice,
  choices: readonly [Choice, ...Choice[]],
): void {
  if (choices.includes(value)) return;
  const words = choices.map(choice => `'${choice}'`);
  const rule = `${words.slice(0, -1).join(', ')} or ${words.at(-1)!}`;
  throw new InvalidProjectorOption(projector, option, value, rule);
}

/** The policy that options of a projector ask for. @throws {InvalidProjectorOption} one makes no sense */
export function failurePolicy(
  projector: string,
  options: { readonly [Option in keyof FailurePolicy]?: FailurePolicy[Option] | undefined },
): FailurePolicy {
  const { onFailure, attempts, maxParked } = defaultFailurePolicy;
  const policy = {
    onFailure: options.onFailure ?? onFailure,
    attempts: options.attempts ?? attempts,
    maxParked: options.maxParked ?? maxParked,
  };
  checkChoice(projector, 'onFailure', policy.onFailure, ['park', 'stop', 'skip']);
  for (const [option, least] of [
    ['attempts', 1],
    ['maxParked', 0],
  ] as const) {
    const value = policy[option];
    if (Number.isSafeInteger(value) && value >= least) continue;
    throw new InvalidProjectorOption(projector, option, value, `a whole number from ${least}`);
  }
  return policy;
}
