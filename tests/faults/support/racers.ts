import type { EventStore } from '../../../src/application/ports/event-store.ts';
import { postgres } from '../../../src/infrastructure/postgres/index.ts';
import { testServices } from '../../support/stores.ts';
import type { Finish, RacePlan, Racer } from './messages.ts';

/** Sends the appends of all racers at once, and tells what became of each. */
export async function race({ url, schema, racers }: RacePlan): Promise<Finish[]> {
  const store = await postgres(url, { schema, maxConnections: 4 }).open(testServices());
  try {
    return await Promise.all(racers.map(racer => run(racer, store.events)));
  } finally {
    await store[Symbol.asyncDispose]();
  }
}

async function run(racer: Racer, events: EventStore): Promise<Finish> {
  const { name, aggregateId, expectedVersion, uniqueKey, commandId } = racer;
  const append = {
    stream: { aggregateType: 'account', aggregateId },
    expectedVersion,
    events: [{ type: 'account.claimed', payload: { by: name } }],
    ...(uniqueKey !== undefined && { uniqueKeys: { claim: [uniqueKey], release: [] } }),
  };
  const commands = commandId === undefined ? [] : [{ commandId, fingerprint: 'f', result: { ranBy: name } }];
  try {
    const { version, eventIds } = await events.append(append, { commands });
    return { name, version, eventIds };
  } catch (error) {
    const { code = String(error), actualVersion, key } = error as Partial<Required<Finish>['refused']>;
    return {
      name,
      refused: {
        code,
        ...(actualVersion !== undefined && { actualVersion }),
        ...(key !== undefined && { key }),
      },
    };
  }
}
