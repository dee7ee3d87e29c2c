import type { Clock } from './clock.ts';
import type { ConsumerStore } from './consumer-store.ts';
import type { EventStore } from './event-store.ts';
import type { IdGenerator } from './id-generator.ts';
import type { Logger } from './logger.ts';
import type { ReadModelStore } from './read-model-store.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import type { StoreHealth } from './store-health.ts';
import type { Telemetry } from './telemetry.ts';

/** What a store gets from the app that opens it. */
export interface StoreServices {
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly logger: Logger;
  /** Undefined where nobody is to be told. */
  readonly telemetry?: Telemetry | undefined;
}

/** Events and read models that commit together; consumers and snapshots beside them. Disposing it closes every connection it opened. */
export interface Store extends AsyncDisposable {
  readonly events: EventStore;
  readonly readModels: ReadModelStore;
  readonly consumers: ConsumerStore;
  readonly snapshots: SnapshotStore;
  readonly health: StoreHealth;
}

/** A store that is yet to be opened, e.g. `memory()`, `embedded('./data')` or `postgres(url)`. */
export interface StoreFactory {
  open(services: StoreServices): Promise<Store>;
}
