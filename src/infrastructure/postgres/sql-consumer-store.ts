import type { Recorded } from '../../domain/index.ts';
import { UnknownConsumer } from '../../application/ports/consumer-errors.ts';
import type {
  Consumer,
  ConsumerStore,
  ConsumerTransaction,
  Delivery,
  NewConsumer,
  OpenDeliveries,
  OpenDeliveryQuery,
} from '../../application/ports/consumer-store.ts';
import type { Operation } from '../../application/ports/operation.ts';
import { StoreUnavailable } from '../../application/ports/event-store-errors.ts';
import { int8Array, textArray } from './binary-arrays.ts';
import {
  deliveriesAt,
  deliveryParameters,
  dueDeliveries,
  findOpenDeliveries,
  readConsumer,
  readDelivery,
} from './delivery-rows.ts';
import { recordOperation } from './operation-rows.ts';
import type { SqlClient, SqlParameter, SqlRow, SqlRunner } from './sql-client.ts';
import { isLostConnection, isRefusedByServer } from './sql-errors.ts';
import { prepared } from './statements.ts';
import type { Statements } from './statements.ts';

/** Consumers and their deliveries in tables beside the events. */
export class SqlConsumerStore implements ConsumerStore {
  readonly #client: SqlClient;
  readonly #statements: Statements;

  constructor(client: SqlClient, statements: Statements) {
    this.#client = client;
    this.#statements = statements;
  }

  async add(consumer: NewConsumer, operation?: Operation): Promise<Consumer> {
    const { name, types, aggregateTypes, startPosition, maxAttempts } = consumer;
    const names = [types ? textArray(types) : null, aggregateTypes ? textArray(aggregateTypes) : null];
    await this.#transaction(async runner => {
      const parameters = [name, ...names, startPosition, maxAttempts];
      const made = await runner.run(this.#statements.get('add_consumer'), parameters);
      if (made.length > 0 && operation) await recordOperation(runner, this.#statements, operation);
    });
    return (await this.find(name))!;
  }

  async find(name: string): Promise<Consumer | undefined> {
    const [row] = await this.#get('find_consumers', [name]);
    return row && readConsumer(row);
  }

  async list(): Promise<readonly Consumer[]> {
    return (await this.#get('find_consumers', [null])).map(readConsumer);
  }

  remove(name: string, operation: Operation): Promise<boolean> {
    return this.#transaction(async runner => {
      // Whoever holds it may be adding deliveries.
      await runner.run(this.#statements.get('lock_consumer'), [name]);
      const removed = await runner.run(this.#statements.get('remove_consumer'), [name]);
      if (removed.length === 0) return false;
      await recordOperation(runner, this.#statements, operation);
      return true;
    });
  }

  change<T>(
    name: string,
    now: Date | undefined,
    work: (transaction: ConsumerTransaction) => Promise<T>,
  ): Promise<T> {
    return this.#transaction(async runner => {
      const [row] = await runner.run(this.#statements.get('lock_consumer'), [name]);
      if (row === undefined) throw new UnknownConsumer(name);
      return work(
        new SqlConsumerTransaction(runner, this.#statements, {
          consumer: readConsumer(row),
          now: now ?? new Date(Number(row[8])),
        }),
      );
    });
  }

  async deliveriesAt(name: string, positions: readonly number[]): Promise<readonly Delivery[]> {
    const statement = prepared('deliveries_at', this.#statements.inSchema(deliveriesAt));
    return (await this.#available(() => this.#client.run(statement, [name, int8Array(positions)]))).map(
      readDelivery,
    );
  }

  async findOpen(name: string, query: OpenDeliveryQuery): Promise<readonly Delivery[]> {
    const { text, parameters } = findOpenDeliveries(name, query);
    const statement = { text: this.#statements.inSchema(text) };
    return (await this.#available(() => this.#client.run(statement, parameters))).map(readDelivery);
  }

  async countOpen(name: string): Promise<OpenDeliveries> {
    const rows = await this.#get('count_open_deliveries', [name]);
    const counts = new Map(rows.map(([status, count]) => [status, Number(count)]));
    const positions = rows.map(([, , position]) => Number(position));
    return {
      waiting: counts.get('waiting') ?? 0,
      leased: counts.get('leased') ?? 0,
      retrying: counts.get('retrying') ?? 0,
      parked: counts.get('parked') ?? 0,
      firstPosition: positions.length === 0 ? undefined : Math.min(...positions),
    };
  }

  purge(name: string, before: Date, operationOf: (purged: number) => Operation): Promise<number> {
    return this.#transaction(async runner => {
      const parameters = [name, before.getTime()];
      const [row] = await runner.run(this.#statements.get('purge_deliveries'), parameters);
      const purged = Number(row![0]);
      await recordOperation(runner, this.#statements, operationOf(purged));
      return purged;
    });
  }

  #get(
    statement: Parameters<Statements['get']>[0],
    parameters: readonly SqlParameter[],
  ): Promise<readonly SqlRow[]> {
    return this.#available(() => this.#client.run(this.#statements.get(statement), parameters));
  }

  #transaction<T>(work: (runner: SqlRunner) => Promise<T>): Promise<T> {
    return this.#available(() => this.#client.transaction(work));
  }

  async #available<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (!isLostConnection(error) && !isRefusedByServer(error)) throw error;
      const what = 'What a consumer has done could not be read or stored.';
      throw new StoreUnavailable(what, { cause: error });
    }
  }
}

class SqlConsumerTransaction implements ConsumerTransaction {
  readonly consumer: Consumer;
  readonly now: Date;
  readonly #runner: SqlRunner;
  readonly #statements: Statements;

  constructor(
    runner: SqlRunner,
    statements: Statements,
    { consumer, now }: { readonly consumer: Consumer; readonly now: Date },
  ) {
    this.#runner = runner;
    this.#statements = statements;
    this.consumer = consumer;
    this.now = now;
  }

  async readOn(position: number, events: readonly Recorded[]): Promise<void> {
    const positions = int8Array(events.map(event => event.position));
    await this.#runner.run(this.#statements.get('move_consumer'), [this.consumer.name, position, positions]);
  }

  due(limit: number): Promise<readonly Delivery[]> {
    return this.#select('due_deliveries', dueDeliveries, [this.now.getTime(), limit]);
  }

  at(positions: readonly number[]): Promise<readonly Delivery[]> {
    return this.#select('deliveries_at', deliveriesAt, [int8Array(positions)]);
  }

  async save(deliveries: readonly Delivery[]): Promise<void> {
    const { name } = this.consumer;
    await this.#runner.run(this.#statements.get('save_deliveries'), [
      name,
      ...deliveryParameters(deliveries),
    ]);
    const closed = deliveries.filter(({ closedAt }) => closedAt !== undefined);
    if (closed.length === 0) return;
    const positions = int8Array(closed.map(({ event }) => event.position));
    await this.#runner.run(this.#statements.get('promote_deliveries'), [name, positions]);
  }

  record(operation: Operation): Promise<void> {
    return recordOperation(this.#runner, this.#statements, operation);
  }

  async #select(
    name: string,
    text: string,
    parameters: readonly SqlParameter[],
  ): Promise<readonly Delivery[]> {
    const statement = prepared(name, this.#statements.inSchema(text));
    return (await this.#runner.run(statement, [this.consumer.name, ...parameters])).map(readDelivery);
  }
}
