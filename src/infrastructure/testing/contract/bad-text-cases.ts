import { equal } from 'node:assert/strict';
import type { NewEvent } from '../../../application/ports/event-store.ts';
import { UnserializableValue } from '../../../application/ports/event-store-errors.ts';
import { storeCases } from './contract-case.ts';
import type { CaseBody } from './contract-case.ts';
import { checkRefused } from './expectations.ts';
import { deposited, deposits } from './sample-events.ts';

const bad: Record<string, string> = {
  'a NUL character': 'a\u0000b',
  'the first half of a surrogate pair': 'a\ud83db',
  'the second half of a surrogate pair': 'a\ude00b',
  'a surrogate pair the wrong way round': '\ude00\ud83d',
};

/** Texts that PostgreSQL refuses or that no encoding carries, and others that only look like them. */
export const badTextCases = storeCases({
  ...Object.fromEntries(
    Object.entries(bad).flatMap(([shown, text]) => [
      [
        `refuses ${shown} in a payload's text`,
        refuses({ payload: { lines: ['good', { text }] } }, 'payload.lines[1].text'),
      ],
      [
        `refuses ${shown} in a payload's field name`,
        refuses({ payload: { [text]: 1 } }, `payload[${JSON.stringify(text)}]`),
      ],
      [`refuses ${shown} in metadata`, refuses({ metadata: { note: text } }, 'metadata.note')],
    ]),
  ),

  'stores text that looks like an escape': async subject => {
    const payload = { text: 'a \\u0000 b \\ud83d c \\\\u0000 "\\"', '\\u0000': 1, emoji: '😀\\ud83d' };
    await subject.append(subject.stream(), [deposited(1, { payload, metadata: payload })]);
    await subject.checkStored();
  },
});

function refuses(rest: Partial<NewEvent>, path: string): CaseBody {
  return async subject => {
    const stream = subject.stream('bad');
    const events = [deposited(1), { ...deposited(2), type: 'account.spoilt', ...rest }];
    await checkRefused(
      () => subject.store.append({ stream, expectedVersion: 'any', events }),
      UnserializableValue,
      { code: 'unserializable-value', eventType: 'account.spoilt', path },
    );
    equal(await subject.store.streamVersion(stream), 0);
    await subject.append(subject.stream(), deposits(1), { expectedVersion: 'none' });
    await subject.checkStored();
  };
}
