import { afterEach, describe, expect, test } from '@jest/globals';
import { DocumentProjector, Event, On, Projector } from 'annals';
import type { Class, Recorded } from 'annals';
import { createApp, defineModule, memory, silentLogger } from 'annals/di';
import type { App } from 'annals/di';

@Event('order.placed')
class OrderPlaced {
  constructor(
    readonly customer: string,
    readonly number: number,
  ) {}
}

interface Count {
  orders: number;
}

abstract class Orders extends DocumentProjector<Count> {
  @On(OrderPlaced) placed(doc: Count = { orders: 0 }) {
    return { orders: doc.orders + 1 };
  }
}

/* What the compiler would have refused. */
function keyedBy(name: string, key: (event: Recorded<OrderPlaced>) => unknown): Class<Orders> {
  class Keyed extends Orders {
    override key(event: Recorded): string {
      return key(event as unknown as Recorded<OrderPlaced>) as string;
    }
  }
  Projector(name, { attempts: 1 })(Keyed);
  return Keyed;
}

const apps: App[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map(app => app.stop()));
});

async function startWithOrder(projector: Class<DocumentProjector<object>>): Promise<App> {
  const modules = [defineModule({ events: [OrderPlaced], projectors: [projector] })];
  const app = await createApp({ store: memory(), modules, logger: silentLogger });
  apps.push(app);
  await app.events.append({
    stream: { aggregateType: 'order', aggregateId: 'o-1' },
    expectedVersion: 'none',
    events: [{ type: 'order.placed', payload: { customer: 'Ada', number: 7 } }],
  });
  await app.projections.catchUp();
  return app;
}

describe('a key of a document projector', () => {
  test.each([
    { what: 'a field that is misspelt', name: 'misspelt', key: undefined, shown: 'undefined' },
    { what: 'null', name: 'nulls', key: null, shown: 'null' },
    { what: 'a number', name: 'numbers', key: 7, shown: '7' },
    { what: 'a number in a list', name: 'listed', key: ['Ada', 7], shown: '7' },
    {
      what: 'a promise',
      name: 'promised',
      key: Promise.resolve('Ada'),
      shown: '[object Promise]',
    },
  ])('that is $what parks the event, and stores nothing', async ({ name, key, shown }) => {
    const projector = keyedBy(name, () => key);
    const app = await startWithOrder(projector);
    const error =
      `InvalidIdentifier: The document id ${shown} is what the key function of placed returned, and no text. ` +
      'Return a text, or a list of texts.';
    await expect(app.projections.parked(projector)).resolves.toMatchObject([{ key: 'order/o-1', error }]);
    await expect(app.readModels.of(projector).count()).resolves.toBe(0);
  });

  test('that is a text is taken', async () => {
    const projector = keyedBy('by_customer', ({ payload }) => [payload.customer, 'all']);
    const app = await startWithOrder(projector);
    await expect(app.readModels.of(projector).getMany(['Ada', 'all'])).resolves.toEqual(
      new Map([
        ['Ada', { orders: 1 }],
        ['all', { orders: 1 }],
      ]),
    );
  });
});

describe('a method of a document projector', () => {
  interface Failing {
    readonly name: string;
    readonly result: () => unknown;
    readonly error: string;
  }

  const isNotAsync =
    'ProjectorReturnedPromise: Returning.placed returned a promise, but a document projector only computes. ' +
    'Take away the async and return the document; what has to be waited for belongs into an EventHandler.';

  test.each<Failing>([
    { name: 'is_async', result: async () => ({ orders: 1 }), error: isNotAsync },
    { name: 'is_async_and_fails', result: () => Promise.reject(new Error('no')), error: isNotAsync },
    { name: 'is_thenable', result: () => ({ then: () => undefined }), error: isNotAsync },
    {
      name: 'returns_an_error',
      result: () => new RangeError('no'),
      error:
        'UnserializableValue: projection returns_an_error, document "o-1": document is a RangeError, ' +
        'of which JSON keeps no content. Give an object with named fields.',
    },
  ])('that $name stores nothing and parks the event', async ({ name, result, error }) => {
    class Returning extends DocumentProjector<Count> {
      @On(OrderPlaced) placed(): Count {
        return result() as Count;
      }
    }
    Projector(name, { attempts: 1 })(Returning);
    const app = await startWithOrder(Returning);
    await expect(app.projections.parked(Returning)).resolves.toMatchObject([{ key: 'o-1', error }]);
    await expect(app.readModels.of(Returning).count()).resolves.toBe(0);
  });
});
