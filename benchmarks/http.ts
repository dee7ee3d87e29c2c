import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bombard } from './contenders/autocannon.ts';
import type { Benchmark, Case, Contender, Metric, Sample, Settings } from './harness/benchmark.ts';
import { closedLoop } from './harness/closed-loop.ts';
import type { Load } from './harness/closed-loop.ts';
import type { ScratchDatabase } from './harness/scratch-database.ts';
import { sampleEvents } from './harness/workload.ts';

const metrics: readonly Metric[] = [
  { name: 'rate', better: 'higher' },
  { name: 'p50', better: 'lower' },
  { name: 'p99', better: 'lower' },
];

/** Events posted one by one to the event service, which runs in a process of its own. */
export const http: Benchmark = {
  name: 'http',
  measures: 'events posted over HTTP, one a request, each to a new stream, by connections that are kept open',
  settings: { connections: 64, warmUpMs: 2_000, durationMs: 5_000 },
  tiny: { connections: 2, warmUpMs: 0, durationMs: 30 },
  cases: settings => [httpCase(settings)],
};

function httpCase(settings: Settings): Case {
  return {
    name: `${settings.connections} connections`,
    metrics,
    contenders: [byAutocannon(settings), byNode(settings)],
    goals: [
      { metric: 'rate', atLeast: 5_000 },
      { metric: 'p99', atMost: 50 },
    ],
  };
}

/* Whoever posts shares its process with nobody, so that it is not what is measured. */
function byAutocannon(settings: Settings): Contender {
  const load = loadOf(settings);
  const body = JSON.stringify(eventOf('[<id>]'));
  return overHttp('Annals, posted to by autocannon', true, address => ({
    measure: () => bombard({ ...load, connections: load.callers, address, body }),
  }));
}

function byNode(settings: Settings): Contender {
  const load = loadOf(settings);
  return overHttp('Annals, posted to by node:http', false, (address, database) => {
    const agent = new Agent({ keepAlive: true, maxSockets: load.callers });
    return {
      measure: () => closedLoop(database, load, (caller, turn) => post(address, agent, `${caller}-${turn}`)),
      close: () => agent.destroy(),
    };
  });
}

function loadOf({ connections, warmUpMs, durationMs }: Settings): Load {
  return { callers: Number(connections), warmUpMs: Number(warmUpMs), durationMs: Number(durationMs) };
}

interface Client {
  readonly measure: () => Promise<Sample>;
  readonly close?: () => void;
}

function overHttp(
  name: string,
  needsPeers: boolean,
  connect: (address: URL, database: ScratchDatabase) => Client,
): Contender {
  return {
    ...{ name, kind: 'annals', needsPeers },
    async open(database) {
      const service = await EventService.start(database.url);
      const client = connect(new URL('/api/v1/events', service.url), database);
      return {
        measure: client.measure,
        async [Symbol.asyncDispose]() {
          client.close?.();
          await service[Symbol.asyncDispose]();
        },
      };
    },
  };
}

const [sample] = sampleEvents(1);

function eventOf(aggregateId: string): object {
  const event = { aggregate_type: 'account', aggregate_id: aggregateId, event_type: sample!.type };
  return { ...event, payload: sample!.payload, metadata: sample!.metadata };
}

function post(address: URL, agent: Agent, aggregateId: string): Promise<void> {
  const body = JSON.stringify(eventOf(aggregateId));
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const asked = request(address, { method: 'POST', agent, headers }, answer => {
      if (answer.statusCode !== 201) reject(new Error(`The event was refused: ${answer.statusCode}.`));
      answer.resume().on('end', resolve);
    });
    asked.on('error', reject).end(body);
  });
}

/** What `npm run serve` starts. */
class EventService implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  static async start(databaseUrl: string): Promise<EventService> {
    const main = join(import.meta.dirname, '../examples/event-service/main.ts');
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', main, '--store', databaseUrl, '--anonymous', '--port', '0'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /http:\/\/[^/]+/.exec(line)?.[0];
      if (url !== undefined) return new EventService(child, url);
    }
    throw new Error('The event service ended before it served anything.');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}
