import type { StreamId } from '../../../src/domain/index.ts';
import type { NewEvent, StreamAppend } from '../../../src/application/ports/event-store.ts';
import type { SentAppend } from './repetitions.ts';
import type { mistakes } from './steps.ts';

type Mistake = (typeof mistakes)[number];

const good: NewEvent = { type: 'account.deposited', payload: { amount: 1 } };

/** An append that no store takes, and the code of the error that says so. */
export function badAppend(mistake: Mistake, stream: StreamId): SentAppend & { readonly code: string } {
  const append = (change: Partial<StreamAppend>): StreamAppend => ({
    ...{ stream, expectedVersion: 'any', events: [good] },
    ...change,
  });
  const event = (change: object): StreamAppend => append({ events: [good, { ...good, ...change }] });
  const command = { commandId: 'same', fingerprint: 'same', result: 1 };
  const bad: Readonly<Record<Mistake, readonly [string, readonly StreamAppend[]]>> = {
    'version -1': ['invalid-append', [append({ expectedVersion: -1 })]],
    'version 1.5': ['invalid-append', [append({ expectedVersion: 1.5 })]],
    'no uuid': ['invalid-append', [event({ eventId: 'event-1' })]],
    NaN: ['unserializable-value', [event({ payload: { amount: NaN } })]],
    bigint: ['unserializable-value', [event({ payload: { amount: 1n } })]],
    'type without dot': ['invalid-identifier', [event({ type: 'deposited' })]],
    'blank id': ['invalid-identifier', [append({ stream: { ...stream, aggregateId: ' ' } })]],
    NUL: ['unserializable-value', [event({ payload: { note: 'a\0b' } })]],
    'keys without events': [
      'invalid-append',
      [append({ events: [], uniqueKeys: { claim: ['k'], release: [] } })],
    ],
    'command twice': ['invalid-append', [append({})]],
    'schema version 0': ['invalid-append', [event({ schemaVersion: 0 })]],
    'slash in type': ['invalid-identifier', [append({ stream: { ...stream, aggregateType: 'a/b' } })]],
  };
  const [code, appends] = bad[mistake];
  return { appends, options: mistake === 'command twice' ? { commands: [command, command] } : {}, code };
}
