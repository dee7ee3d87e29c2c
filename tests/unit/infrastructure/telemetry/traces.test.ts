import { beforeEach, describe, expect, test } from '@jest/globals';
import { CommandBus, DomainError, EventHandler, On, Projector } from 'annals';
import type { Recorded } from 'annals';
import { defineModule } from 'annals/di';
import type { App } from 'annals/di';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { inject } from 'inversify';
import { AccountOpened, Balances, Deposit, OpenAccount, bankModule } from '../../../support/bank.ts';
import { RecordedTelemetry, useContextManager } from '../../../support/recorded-telemetry.ts';
import { startBank } from '../../../support/start-bank.ts';

@Projector('welcome')
class Welcome extends EventHandler {
  constructor(@inject(CommandBus) private readonly commands: CommandBus) {
    super();
  }
  @On(AccountOpened) async opened(event: Recorded<AccountOpened>) {
    await this.commands.dispatch(new Deposit(event.aggregateId, 1));
  }
}

useContextManager();

let recorded: RecordedTelemetry;

beforeEach(async () => {
  recorded = await RecordedTelemetry.start();
});

const withWelcome = [bankModule, defineModule({ projectors: [Welcome] })];
const start = (modules = [bankModule]): Promise<App> => startBank({ telemetry: recorded.telemetry, modules });
const idOf = (span: ReadableSpan): string => span.spanContext().spanId;
const traceparentOf = (span: ReadableSpan): string => `00-${span.spanContext().traceId}-${idOf(span)}-01`;

describe('A trace', () => {
  test('holds the command, its append, the projection, the reaction, and what the reaction commands', async () => {
    const app = await start(withWelcome);
    await app.commands.dispatch(new OpenAccount('a', 'Ada'), { waitFor: [Welcome, Balances] });
    const settled = await app.events.settledPosition();
    await app.projections.waitFor(Balances, settled);
    await app.stop();

    const [opened, deposited] = recorded.spans('append account');
    const command = recorded.span('dispatch OpenAccount');
    const reaction = recorded.span('react welcome');
    const nextCommand = recorded.span('dispatch Deposit');
    const projected = recorded.span('project balances');
    const chain = [command, opened!, reaction, nextCommand, deposited!, projected];

    expect(command.parentSpanContext).toBeUndefined();
    expect(chain.slice(1).map(span => span.parentSpanContext?.spanId)).toEqual(chain.slice(0, -1).map(idOf));
    expect(new Set(chain.map(span => span.spanContext().traceId)).size).toBe(1);
    expect(projected.links.map(link => link.context.spanId)).toEqual([idOf(deposited!)]);
  });

  test('is stored with each event, and what an event says already is kept', async () => {
    const app = await start();
    const own = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const stream = { aggregateType: 'account', aggregateId: 'a' };
    const event = { type: 'account.deposited', payload: { amount: 1 } };
    const events = [
      event,
      { ...event, metadata: { shop: 'x' } },
      { ...event, metadata: { traceparent: own } },
    ];
    await app.events.append({ stream, expectedVersion: 'none', events });

    const traceparent = traceparentOf(recorded.span('append account'));
    const stored = (await app.events.query({ aggregateId: stream.aggregateId })).events;
    expect(stored.map(({ metadata }) => metadata)).toEqual([
      { traceparent },
      { shop: 'x', traceparent },
      { traceparent: own },
    ]);
  });

  test('ends where it began to be nobody’s: events without a trace are projected in one of their own', async () => {
    const quiet = await startBank();
    await quiet.commands.dispatch(new OpenAccount('a', 'Ada'));
    const stream = { aggregateType: 'account', aggregateId: 'a' };
    const [event] = (await quiet.events.query({ aggregateId: stream.aggregateId })).events;
    expect(event!.metadata).toEqual({});

    const app = await start();
    const metadata = { traceparent: 'not a trace' };
    const events = [{ type: 'account.deposited', payload: { amount: 1 }, metadata }];
    const { lastPosition } = await app.events.append({ stream, expectedVersion: 'none', events });
    await app.projections.waitFor(Balances, lastPosition);
    await app.stop();
    const projected = recorded.span('project balances');
    expect(projected.parentSpanContext).toBeUndefined();
    expect(projected.links).toEqual([]);
  });

  test('of a batch is its own where the events come from several, and links to each', async () => {
    const app = await start();
    await app.stop();
    const { ObservedProjections } = await import('../../../../src/projections/projection-telemetry.ts');
    const traced = (traceId: string, spanId: string): Recorded =>
      ({
        metadata: { traceparent: `00-${traceId.repeat(32)}-${spanId.repeat(16)}-01` },
      }) as unknown as Recorded;
    const events = [traced('a', '1'), traced('b', '2'), traced('b', '2'), traced('b', '3')];
    const target = { name: 'several', version: 1 };
    await new ObservedProjections(recorded.telemetry).batch(target, events, async () => undefined);

    const span = recorded.span('project several');
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.links.map(link => link.context.spanId)).toEqual(['1', '2', '3'].map(id => id.repeat(16)));
    expect(span.attributes).toMatchObject({
      'messaging.batch.message_count': 4,
      'messaging.consumer.group.name': 'several',
      'annals.projection.version': 1,
    });
  });
});

describe('A rebuild', () => {
  test('is a span, and its batches are none', async () => {
    const app = await start();
    await app.commands.dispatch(new OpenAccount('a', 'Ada'));
    await app.commands.dispatch(new Deposit('a', 5), { waitFor: [Balances] });
    const before = recorded.spans('project balances').length;
    await app.projections.rebuild(Balances);
    expect(recorded.span('rebuild balances').attributes).toEqual({
      'annals.projection.name': 'balances',
      'annals.projection.version': 1,
    });
    expect(recorded.spans('project balances')).toHaveLength(before);
  });
});

describe('A span of something that failed', () => {
  test('tells the code, and neither message nor payload nor id', async () => {
    const app = await start();
    await app.commands.dispatch(new OpenAccount('ada@example.org', 'Ada Lovelace'));
    await expect(app.commands.dispatch(new Deposit('ada@example.org', -4_711))).rejects.toThrow(DomainError);
    await expect(app.commands.dispatch(new OpenAccount('ada@example.org', 'Ada'))).rejects.toThrow();
    await app.stop();

    const [, failed] = recorded.spans('dispatch OpenAccount');
    expect(failed!.attributes).toMatchObject({ 'error.type': 'aggregate-already-exists' });
    expect(failed!.status).toEqual({ code: 2, message: 'aggregate-already-exists' });
    expect(recorded.allText()).not.toMatch(/example\.org|Lovelace|4711|positive/);
  });

  test('that is a refusal of the domain is no failure', async () => {
    const app = await start();
    await app.commands.dispatch(new OpenAccount('a', 'Ada'));
    await expect(app.commands.dispatch(new Deposit('a', -1))).rejects.toThrow(DomainError);
    const span = recorded.span('dispatch Deposit');
    expect(span.attributes).toMatchObject({
      'annals.command.outcome': 'refused',
      'error.type': 'domain-error',
    });
    expect(span.status.code).toBe(0);
  });
});
