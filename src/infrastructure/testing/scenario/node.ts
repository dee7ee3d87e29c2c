import type { AggregateSource } from '../../../domain/index.ts';
import { aggregateClassOf } from '../../../domain/decider.ts';
import type { Clock, EventStore, IdGenerator, Store } from '../../../application/index.ts';
import type { App } from '../../di/app.ts';
import { createApp } from '../../di/create-app.ts';
import type { AnnalsModule } from '../../di/module.ts';
import { FailureLog } from '../projections/failure-log.ts';
import type { BindServices } from './scenario-options.ts';
import { sharedStore } from '../stores/shared-store.ts';
import { RepositoryWatch } from './repository-watch.ts';

/** What the nodes of one world have in common. */
export interface NodeServices {
  readonly store: Store;
  readonly modules: readonly AnnalsModule[];
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly bind: BindServices | undefined;
}

/** One app over the store of a scenario, whose appends can be held back. */
export class ScenarioNode {
  readonly app: App;
  readonly watch = new RepositoryWatch();
  /** What the app has reported; undefined where it reports to a logger of its own. */
  readonly failures: FailureLog | undefined;
  readonly #gate: { beforeAppend: () => Promise<void> };

  private constructor(app: App, gate: { beforeAppend: () => Promise<void> }, failures?: FailureLog) {
    this.app = app;
    this.#gate = gate;
    this.failures = failures;
  }

  /** Starts an app that does not close the store when it stops. */
  static async start({ store, bind, ...options }: NodeServices): Promise<ScenarioNode> {
    const gate = { beforeAppend: async (): Promise<void> => undefined };
    const failures = new FailureLog();
    const app = await createApp(
      { ...options, store: sharedStore(store, withGate(store.events, gate)), logger: failures },
      bind,
    );
    return new ScenarioNode(app, gate, failures);
  }

  /** An app that runs already, and is neither watched nor held back. */
  static around(app: App): ScenarioNode {
    return new ScenarioNode(app, { beforeAppend: async () => undefined });
  }

  /** Watches the repositories of these aggregates. */
  watchRepositories(sources: Iterable<AggregateSource>): void {
    for (const source of sources) {
      this.watch.watch(source, aggregateClassOf(source).name, this.app.repository(source));
    }
  }

  /** Calls `wait` before every append from now on, and does not append before it has come back. */
  holdAppends(wait: () => Promise<void>): void {
    this.#gate.beforeAppend = wait;
  }
}

/* Private fields need their own object as `this`, so the methods are called on the store itself. */
function withGate(events: EventStore, gate: { beforeAppend: () => Promise<void> }): EventStore {
  return new Proxy(events, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      const method = value.bind(target) as (...args: unknown[]) => unknown;
      if (name !== 'append' && name !== 'appendMany') return method;
      return async (...args: unknown[]) => {
        await gate.beforeAppend();
        return method(...args);
      };
    },
  });
}
