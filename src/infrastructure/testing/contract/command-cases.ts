import { deepStrictEqual, equal } from 'node:assert/strict';
import type { CommandRecord } from '../../../application/ports/event-store.ts';
import {
  CommandAlreadyStored,
  StreamVersionConflict,
  UnserializableValue,
} from '../../../application/ports/event-store-errors.ts';
import { storeCases } from './contract-case.ts';
import { checkError, checkRefused } from './expectations.ts';
import { deposited, deposits, withIds } from './sample-events.ts';
import type { StoreUnderTest } from './store-under-test.ts';

const results = [undefined, null, 0, 'text', true, [1, 'two'], { nested: { list: [null] } }];

/** The memory of commands that ran. */
export const commandCases = storeCases({
  'remembers a command with its result and last position': async subject => {
    for (const [index, result] of results.entries()) {
      const command = commandOf(subject, `command-${index}`, result);
      const [, last] = await subject.append(subject.stream(), deposits(2), { commands: [command] });
      const stored = { ...command, lastPosition: last!.position };
      deepStrictEqual(await subject.store.findCommand(command.commandId), stored);
    }
    await subject.checkStored();
  },

  'remembers several commands of one append': async subject => {
    const commands = ['one', 'two'].map(id => commandOf(subject, id, id));
    const [event] = await subject.append(subject.stream(), deposits(1), { commands });
    for (const command of commands) {
      const stored = { ...command, lastPosition: event!.position };
      deepStrictEqual(await subject.store.findCommand(command.commandId), stored);
    }
  },

  'remembers a command that stored nothing, with position 0': async subject => {
    const [alone, checked] = [commandOf(subject, 'alone', 'done'), commandOf(subject, 'checked', 'done')];
    deepStrictEqual(await subject.store.appendMany([], { commands: [alone] }), []);
    await subject.append(subject.stream(), [], { expectedVersion: 'none', commands: [checked] });
    deepStrictEqual(await subject.store.findCommand(alone.commandId), { ...alone, lastPosition: 0 });
    deepStrictEqual(await subject.store.findCommand(checked.commandId), { ...checked, lastPosition: 0 });
    await subject.checkStored();
  },

  'knows nothing of a command that did not run': async subject => {
    equal(await subject.store.findCommand(subject.name('unknown')), undefined);
  },

  'refuses the events of a command that has run, whatever version they expect': async subject => {
    const command = commandOf(subject, 'once', 'first');
    const [event] = await subject.append(subject.stream(), deposits(1), { commands: [command] });
    const again = { ...command, result: 'second' };
    for (const expectedVersion of ['any', 0, 1, 'none'] as const) {
      const append = { stream: subject.stream(), expectedVersion, events: [deposited(2)] };
      await checkRefused(() => subject.store.append(append, { commands: [again] }), CommandAlreadyStored, {
        code: 'command-already-stored',
        commandId: command.commandId,
      });
    }
    const stored = { ...command, lastPosition: event!.position };
    deepStrictEqual(await subject.store.findCommand(command.commandId), stored);
    await subject.checkStored();
  },

  'returns the first result when an append is repeated together with its command': async subject => {
    const stream = subject.stream();
    const commands = [commandOf(subject, 'once', 'first')];
    const append = { stream, expectedVersion: 'none', events: withIds(deposits(2)) } as const;
    const first = await subject.store.append(append, { commands });
    subject.enter(stream, append.events, first);
    deepStrictEqual(await subject.store.append(append, { commands }), { ...first, repeated: true });
    await subject.checkStored();
  },

  'forgets the command of an append that was refused': async subject => {
    const stream = subject.stream();
    const command = commandOf(subject, 'refused', 'never');
    const append = { stream, expectedVersion: 5, events: deposits(1) };
    await checkRefused(() => subject.store.append(append, { commands: [command] }), StreamVersionConflict, {
      ...{ code: 'stream-version-conflict', stream, expectedVersion: 5, actualVersion: 0 },
    });
    equal(await subject.store.findCommand(command.commandId), undefined);
    await subject.checkStored();
  },

  'runs a command once when 8 racers store it with events of their own': async subject => {
    const command = commandOf(subject, 'raced', 'done');
    const streams = Array.from({ length: 8 }, (_stream, index) => subject.stream(`racer-${index}`));
    const outcomes = await Promise.allSettled(
      streams.map(stream =>
        subject.store.append(
          { stream, expectedVersion: 'none', events: deposits(2) },
          { commands: [command] },
        ),
      ),
    );
    let lastPosition = 0;
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') {
        const facts = { code: 'command-already-stored', commandId: command.commandId };
        checkError(outcome.reason, CommandAlreadyStored, facts);
      } else {
        equal(lastPosition, 0);
        lastPosition = outcome.value.lastPosition;
        subject.enter(outcome.value.stream, deposits(2), outcome.value);
      }
    }
    deepStrictEqual(await subject.store.findCommand(command.commandId), { ...command, lastPosition });
    await subject.checkStored();
  },

  'refuses a command result that JSON cannot carry': async subject => {
    const command = commandOf(subject, 'bad', { amount: 10n });
    const append = { stream: subject.stream(), expectedVersion: 'any', events: deposits(1) } as const;
    await checkRefused(() => subject.store.append(append, { commands: [command] }), UnserializableValue, {
      ...{ code: 'unserializable-value', eventType: `command ${command.commandId}` },
      path: 'command.result.amount',
    });
    equal(await subject.store.findCommand(command.commandId), undefined);
    await subject.checkStored();
  },
});

function commandOf(subject: StoreUnderTest, id: string, result: unknown): CommandRecord {
  return { commandId: subject.name(id), fingerprint: `fingerprint of ${id}`, result };
}
