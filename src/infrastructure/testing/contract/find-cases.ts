import { deepStrictEqual, equal } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { InvalidQuery } from '../../../application/ports/event-store-errors.ts';
import { storeCases } from './contract-case.ts';
import { checkRefused, plain } from './expectations.ts';
import { deposits } from './sample-events.ts';

/** One event by its id. */
export const findCases = storeCases({
  'finds an event by its id, in any case of letters': async subject => {
    const events = await subject.append(subject.stream(), deposits(3));
    for (const event of events) {
      const [lower, upper] = [event.eventId, event.eventId.toUpperCase()];
      deepStrictEqual(plain((await subject.store.get(lower))!), event);
      deepStrictEqual(plain((await subject.store.get(upper))!), event);
    }
  },

  'finds nothing under an id that is not stored': async subject => {
    await subject.append(subject.stream(), deposits(1));
    equal(await subject.store.get(randomUUID()), undefined);
  },

  'refuses to look for an id that is no uuid': async subject => {
    for (const id of ['', 'event-1', "' or 1 = 1", `${randomUUID()}0`, 7, 7n, undefined]) {
      await checkRefused(() => subject.store.get(id as string), InvalidQuery, { code: 'invalid-query' });
    }
  },
});
