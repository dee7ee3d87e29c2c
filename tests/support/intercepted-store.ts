import type { EventStore } from '../../src/application/ports/event-store.ts';
import type { ReadModelStore } from '../../src/application/ports/read-model-store.ts';
import type { SnapshotStore } from '../../src/application/ports/snapshot-store.ts';
import type { Store, StoreFactory } from '../../src/application/ports/store.ts';

/** What to do instead of a port's own methods; each gets the port itself. */
export interface Interception {
  readonly readModels?: (real: ReadModelStore) => Partial<ReadModelStore>;
  readonly events?: (real: EventStore) => Partial<EventStore>;
  readonly snapshots?: (real: SnapshotStore) => Partial<SnapshotStore>;
}

/** A real store, some calls of which a test holds back for a while. */
export function intercepted(factory: StoreFactory, interception: Interception): StoreFactory {
  return {
    async open(services): Promise<Store> {
      const store = await factory.open(services);
      return {
        ...{ health: store.health, consumers: store.consumers },
        [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
        readModels: instead(store.readModels, interception.readModels?.(store.readModels)),
        events: instead(store.events, interception.events?.(store.events)),
        snapshots: instead(store.snapshots, interception.snapshots?.(store.snapshots)),
      };
    },
  };
}

/** The same with other methods in the place of some; each keeps its own `this`, on which private fields insist. */
export function instead<T extends object>(real: T, methods: Partial<T> = {}): T {
  return new Proxy(real, {
    get(target, name) {
      const value: unknown = Reflect.get(name in methods ? methods : target, name);
      if (typeof value !== 'function') return value;
      return (value as (...given: unknown[]) => unknown).bind(name in methods ? methods : target);
    },
  });
}

/** Holds up whoever comes to it until it is opened. */
export class Gate {
  readonly #opened: Promise<void>;
  readonly #reached: Promise<void>;
  #open: () => void = () => undefined;
  #reach: () => void = () => undefined;

  constructor() {
    this.#opened = new Promise(resolve => (this.#open = resolve));
    this.#reached = new Promise(resolve => (this.#reach = resolve));
  }

  /** Resolves when somebody waits at it. */
  get reached(): Promise<void> {
    return this.#reached;
  }

  /** Waits until it is open. */
  async pass(): Promise<void> {
    this.#reach();
    await this.#opened;
  }

  open(): void {
    this.#open();
  }
}
