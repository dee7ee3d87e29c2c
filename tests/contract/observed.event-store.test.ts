import { describe, test } from '@jest/globals';
import { ObservedEventStore } from '../../src/application/telemetry/observed-event-store.ts';
import { eventStoreContract } from '../../src/infrastructure/testing/contract/event-store-contract.ts';
import { openTelemetry } from '../../src/infrastructure/telemetry/index.ts';
import { memoryStores } from '../support/stores.ts';

/* The process has registered no SDK, so that nothing is traced, and events are stored as they are given. */
describe('An event store that tells of its appends', () => {
  for (const { name, run } of eventStoreContract()) {
    test(name, () =>
      run(async options => {
        return new ObservedEventStore(await memoryStores().openEvents(options), await openTelemetry());
      }),
    );
  }
});
