import type { EventStore } from 'annals';
import { createApp, embedded, postgres, silentLogger } from 'annals/di';
import type { AnnalsModule, App, PgPool } from 'annals/di';
import type { SampleEvent } from '../harness/workload.ts';
import type { EventLog } from './event-log.ts';

const aggregateType = 'account';

/** The stream that `AnnalsLog` appends to under this id. */
export function annalsStream(aggregateId: string): { aggregateType: string; aggregateId: string } {
  return { aggregateType, aggregateId };
}

/** Annals as an application opens it. */
export class AnnalsLog implements EventLog {
  readonly events: EventStore;
  readonly app: App;

  private constructor(app: App) {
    this.app = app;
    this.events = app.events;
  }

  /** On a server, by default with as many connections as an application gets that says nothing of them. */
  static async onServer(
    target: string | PgPool,
    modules: readonly AnnalsModule[] = [],
    maxConnections?: number,
  ): Promise<AnnalsLog> {
    const store = postgres(target, { maxConnections });
    return new AnnalsLog(await createApp({ store, modules, logger: silentLogger }));
  }

  /** In this process; see `embedded`. */
  static async embedded(dataDir: string): Promise<AnnalsLog> {
    return new AnnalsLog(await createApp({ store: embedded(dataDir), modules: [], logger: silentLogger }));
  }

  append(streamId: string, version: number, events: readonly SampleEvent[]): Promise<unknown> {
    return this.events.append({ stream: annalsStream(streamId), expectedVersion: version, events });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.stop();
  }
}
