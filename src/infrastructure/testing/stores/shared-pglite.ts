import { PGliteClient } from '../../pglite/pglite-client.ts';
import type { SqlClient } from '../../postgres/sql-client.ts';
import { emptySchema } from './empty-schema.ts';
import { newSchemaName } from './new-schema-name.ts';
import { startFromTemplate, templateSchemas } from './pglite-template.ts';

/** PostgreSQL inside this process, with schemas that are empty whenever somebody gets one. */
export class SharedPGlite implements AsyncDisposable {
  readonly client: SqlClient;
  readonly #free: string[] = [...templateSchemas];

  private constructor(client: SqlClient) {
    this.client = client;
  }

  /** Starts it; that takes a second or two. */
  static async start(): Promise<SharedPGlite> {
    return new SharedPGlite(new PGliteClient(await startFromTemplate()));
  }

  /** The name of a schema that nobody uses; one that is new has nothing in it at all. */
  takeSchema(): string {
    return this.#free.pop() ?? newSchemaName();
  }

  /** Empties a schema for the next one who asks, because making its tables takes much longer. */
  async giveBack(schema: string): Promise<void> {
    await this.client.runScript(emptySchema(schema));
    this.#free.push(schema);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
  }
}
