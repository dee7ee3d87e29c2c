import type { Recorded } from '../../domain/index.ts';
import { disregard, isThenable } from '../../domain/is-thenable.ts';
import { shown } from '../events/shown.ts';
import { forReader } from '../subscriptions/event-for-reader.ts';
import { UnableToUpcast } from './unable-to-upcast.ts';
import type { Upcaster } from './upcaster.ts';
import type { UpcastSplit } from './upcasters.ts';

/** The payload of a stored event, for one use: whatever is done to it, nobody else sees. */
export function ownPayload(stored: Recorded): object {
  const own = forReader(stored);
  return (own === stored ? structuredClone(stored.payload) : own.payload) as object;
}

/** Takes a payload through upcasters, one after another. @throws {UnableToUpcast} one of them failed */
export function runSteps(stored: Recorded, steps: readonly Upcaster[], payload: object): object {
  return steps.reduce((before, step) => checkPayload(stored, step, call(stored, step, before)), payload);
}

/** The payloads of the parts, in the order of `into`. @throws {UnableToUpcast} */
export function runSplit(
  stored: Recorded,
  { upcaster, into }: UpcastSplit,
  payload: object,
): readonly (object | undefined)[] {
  const parts = call(stored, upcaster, payload);
  if (!Array.isArray(parts)) {
    throw new UnableToUpcast(stored, upcaster, `gave ${given(parts)} in place of a list of payloads.`);
  }
  if (parts.length !== into.length) {
    const count = `${parts.length} ${parts.length === 1 ? 'payload' : 'payloads'}`;
    throw new UnableToUpcast(stored, upcaster, `gave ${count}, but leads to ${into.length} events.`);
  }
  // Holes of a sparse list are read as undefined.
  return Array.from(parts as readonly unknown[], part =>
    part === undefined ? undefined : checkPayload(stored, upcaster, part),
  );
}

function call(stored: Recorded, step: Upcaster, payload: object): unknown {
  try {
    return step.up(payload as never);
  } catch (error) {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : shown(error);
    throw new UnableToUpcast(stored, step, `threw an error: ${endOf(text)}`, { cause: error });
  }
}

function checkPayload(stored: Recorded, step: Upcaster, payload: unknown): object {
  if (typeof payload === 'object' && payload !== null && !Array.isArray(payload) && !isThenable(payload)) {
    return payload;
  }
  throw new UnableToUpcast(stored, step, `gave ${given(payload)} in place of a payload.`);
}

function given(value: unknown): string {
  if (!isThenable(value)) return shown(value);
  disregard(value);
  return 'a promise';
}

/* As a sentence, because another one follows. */
function endOf(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
