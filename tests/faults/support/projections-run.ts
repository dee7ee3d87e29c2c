import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { eventually } from '../../support/eventually.ts';
import type { PostgresServer } from '../../support/postgres-server.mjs';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { operations } from './node-messages.ts';
import type { NodeOrder, NodePlan, OperationName, ProjectionName } from './node-messages.ts';
import { NodeProcess } from './node-process.ts';
import { findWrongReactions, findWrongRows } from './projections-verdict.ts';
import { randomFrom } from './random.ts';
import type { Random } from './random.ts';

/** Where a run takes place, and how long. */
export interface ProjectionRunOptions {
  readonly server: PostgresServer;
  readonly nodes: number;
  readonly seed: number;
  readonly seconds: number;
}

/** What a run has shown. */
export interface ProjectionRunResult {
  readonly problems: readonly string[];
  readonly events: number;
  /** How often each fault struck. */
  readonly faults: Readonly<Record<string, number>>;
  /** How often each operation was done, and refused. */
  readonly operations: Readonly<Record<string, number>>;
}

const schema = 'annals';
const betweenFaultsMs = 150;
// Longer than the lease of a node.
const frozenMs = 1_300;
// Only what hangs takes so long: on a loaded machine a process may need a minute to start.
const patienceMs = 300_000;
// So that every fault strikes in each third, however slow the machine is.
const leastStrikes = 18;
const leastEvents = 150;
const names = ['digests', 'move_rows', 'tallies', 'strict_digests', 'few_digests'] as const;
// In hours: how wrong the clock of a node may be.
const longestOffset = 100;

/**
 * Nodes that project what they append while faults strike, and operators who change everything under them.
 *
 * first third: version 1, tallies inline → second third: version 2 joins, tallies change to async node by node →
 * last third: tallies change back → poison is healed, all that is parked is retried → every build is compared.
 */
export class ProjectionRun {
  readonly #options: ProjectionRunOptions;
  readonly #random: Random;
  readonly #proxy: TcpProxy;
  readonly #folder: string;
  readonly #nodes: NodeProcess[] = [];
  readonly #all: NodeProcess[] = [];
  readonly #frozen: Promise<void>[] = [];
  readonly #faults: Record<string, number> = {};
  #isPoisonOn = true;
  #operations = 0;

  private constructor(options: ProjectionRunOptions, proxy: TcpProxy, folder: string) {
    this.#options = options;
    this.#random = randomFrom(options.seed);
    this.#proxy = proxy;
    this.#folder = folder;
  }

  static async run(options: ProjectionRunOptions): Promise<ProjectionRunResult> {
    const folder = await mkdtemp(join(tmpdir(), 'annals-projections-'));
    const proxy = await TcpProxy.start(options.server.url);
    const run = new ProjectionRun(options, proxy, folder);
    try {
      return await run.#run();
    } finally {
      await Promise.all(run.#all.map(node => node.kill()));
      await proxy.close();
      await rm(folder, { recursive: true });
    }
  }

  async #run(): Promise<ProjectionRunResult> {
    const { seconds, nodes } = this.#options;
    await writeFile(this.#reactionsFile, '');
    for (let node = 0; node < nodes; node++) this.#start({ version: 1, tallies: 'inline' });
    await this.#untilAllRun();
    const third = (seconds * 1_000) / 3;
    await this.#strikeFor(third, { version: 1, tallies: 'inline' });
    this.#replaceOne({ version: 2, tallies: 'async' });
    await this.#strikeFor(third, { version: 'any', tallies: 'async' });
    await this.#strikeFor(third, { version: 'any', tallies: 'inline' });
    await Promise.all(this.#frozen);
    await this.#untilEnoughIsAppended();
    await this.#settle();
    return this.#judge();
  }

  get #reactionsFile(): string {
    return join(this.#folder, 'reactions');
  }

  #start({ version, tallies }: Pick<NodePlan, 'version' | 'tallies'>, writes = true): NodeProcess {
    const node = new NodeProcess({
      ...{ version, tallies, writes, schema, isPoisonOn: this.#isPoisonOn },
      ...{ url: this.#proxy.urlFor(this.#options.server.url), seed: this.#random.below(2 ** 31) },
      ...{ reactionsFile: this.#reactionsFile, clockOffsetMs: this.#clockOffsetMs() },
    });
    this.#nodes.push(node);
    this.#all.push(node);
    return node;
  }

  #clockOffsetMs(): number {
    return (this.#random.below(2 * longestOffset) - longestOffset) * 3_600_000;
  }

  #replaceOne(plan: Pick<NodePlan, 'version' | 'tallies'>): void {
    const [victim] = this.#nodes.splice(this.#random.below(this.#nodes.length), 1);
    void victim!.kill();
    this.#start(plan);
  }

  async #untilAllRun(): Promise<void> {
    await eventually(
      'all nodes run',
      async () => this.#nodes.every(node => node.isRunning || node.isGone),
      patienceMs,
    );
  }

  async #strikeFor(
    forMs: number,
    { version, tallies }: { version: 1 | 'any'; tallies: NodePlan['tallies'] },
  ): Promise<void> {
    const endsAtMs = performance.now() + forMs;
    for (let strike = 0; performance.now() < endsAtMs || strike < leastStrikes; strike++) {
      const next = version === 'any' ? this.#random.pick([1, 2] as const) : version;
      await this.#strike({ version: next, tallies }, strike);
      await wait(betweenFaultsMs);
    }
  }

  async #strike(plan: Pick<NodePlan, 'version' | 'tallies'>, strike: number): Promise<void> {
    const outdated = this.#nodes.find(node => node.plan.tallies !== plan.tallies);
    // One that is started takes a second or two, and most of the time most of them should be at work.
    if (strike % 12 === 11) return this.#count('killed', () => this.#kill(outdated, plan));
    if (strike % 12 === 3) return this.#count('frozen', () => this.#freeze());
    if (strike % 12 === 7) return this.#count('cut', () => this.#proxy.cutAll());
    if (strike % 12 === 9) return this.#count('clock jumped', () => this.#setClock());
    if (strike % 36 === 17) return this.#count('restarted', () => this.#restart());
    this.#operate();
  }

  async #count(fault: string, strike: () => unknown): Promise<void> {
    this.#faults[fault] = (this.#faults[fault] ?? 0) + 1;
    await strike();
  }

  /* Only once two are at work: where they start slowly, there would soon be nobody to strike. */
  async #kill(outdated: NodeProcess | undefined, plan: Pick<NodePlan, 'version' | 'tallies'>): Promise<void> {
    await eventually('two nodes run', async () => this.#running.length >= 2, patienceMs);
    const victim = outdated ?? this.#random.pick(this.#nodes);
    this.#nodes.splice(this.#nodes.indexOf(victim), 1);
    void victim.kill();
    this.#start(plan);
  }

  #setClock(): void {
    this.#random.pick(this.#nodes).order({ do: 'set clock', offsetMs: this.#clockOffsetMs() });
  }

  #freeze(): void {
    const node = this.#random.pick(this.#nodes);
    node.signal('SIGSTOP');
    this.#frozen.push(wait(frozenMs).then(() => node.signal('SIGCONT')));
  }

  async #restart(): Promise<void> {
    const { server } = this.#options;
    if (this.#random.chance(0.5)) await server.stop();
    else await server.kill('SIGKILL');
    // A connection that was being made when it was killed may hold on to its memory for a moment.
    const isStarted = (): Promise<boolean> =>
      server.start().then(
        () => true,
        () => false,
      );
    await eventually('the server starts', isStarted, patienceMs);
  }

  async #untilEnoughIsAppended(): Promise<void> {
    await this.#untilAllRun();
    await using client = await connected(this.#options.server.url);
    const isEnough = async (): Promise<boolean> =>
      (await client.query(`select from ${schema}.events offset ${leastEvents} limit 1`)).rows.length > 0;
    await eventually('enough is appended', isEnough, patienceMs);
  }

  get #running(): readonly NodeProcess[] {
    return this.#nodes.filter(node => node.isRunning);
  }

  #operate(): void {
    const running = this.#running;
    if (running.length === 0) return;
    const node = this.#random.pick(running);
    const operation: OperationName = this.#random.pick([...operations, 'rebuild', 'rebuild']);
    node.order(this.#orderOf(operation, this.#random.pick(names), 1 + this.#random.below(4)));
  }

  #orderOf(operation: OperationName, to: ProjectionName, shards = 1): NodeOrder {
    return { do: operation, id: ++this.#operations, to, shards };
  }

  /* Two nodes go on, one of each version; what is left half done they end. */
  async #settle(): Promise<void> {
    this.#isPoisonOn = false;
    for (const version of [1, 2] as const) this.#start({ version, tallies: 'inline' }, false);
    const last = this.#nodes.slice(-2);
    await eventually('two nodes run', async () => last.every(node => node.isRunning), patienceMs);
    for (const node of this.#nodes.splice(0)) {
      if (last.includes(node)) continue;
      // One that was killed in its start or is still starting has nothing to hand over.
      if (node.isRunning) await node.stop(patienceMs);
      else await node.kill();
    }
    this.#nodes.push(...last);
    await using client = await connected(this.#options.server.url);
    await this.#finishBuilds(client, last);
    await this.#retryAll(client, last);
    await eventually('everything is handled', () => isAllHandled(client), patienceMs);
    for (const node of last) await node.stop(patienceMs);
  }

  async #finishBuilds(client: pg.Client, nodes: readonly NodeProcess[]): Promise<void> {
    await eventually(
      'nothing is being built',
      async () => {
        const { rows } = await client.query<{ name: ProjectionName; is_paused: boolean }>(
          `select name, is_paused from ${schema}.projections where status = 'building'`,
        );
        for (const { name } of rows) {
          await this.#doOn(nodes, 'mend', name);
          await this.#doOn(nodes, 'swap', name);
        }
        return rows.length === 0;
      },
      patienceMs,
    );
    for (const name of names) await this.#doOn(nodes, 'pause and resume', name);
  }

  async #retryAll(client: pg.Client, nodes: readonly NodeProcess[]): Promise<void> {
    await eventually(
      'nothing is parked or has stopped any more',
      async () => {
        const { rows } = await client.query<{ name: ProjectionName }>(
          `select name from ${schema}.parked union select name from ${schema}.checkpoints where condition = 'stopped'`,
        );
        for (const { name } of rows) await this.#doOn(nodes, 'mend', name);
        return rows.length === 0;
      },
      patienceMs,
    );
  }

  async #doOn(nodes: readonly NodeProcess[], operation: OperationName, name: ProjectionName): Promise<void> {
    for (const node of nodes) {
      const order = this.#orderOf(operation, name);
      const id = this.#operations;
      node.order(order);
      await eventually(`it is done: ${operation} ${name}`, async () => node.outcomes.has(id), patienceMs);
    }
  }

  async #judge(): Promise<ProjectionRunResult> {
    await using client = await connected(this.#options.server.url);
    const counts: Record<string, number> = {};
    for (const outcome of this.#all.flatMap(node => [...node.outcomes.values()])) {
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    }
    const { rows } = await client.query<{ count: string }>(`select count(*) from ${schema}.events`);
    return {
      problems: [
        ...this.#all.flatMap(node => node.problems),
        ...(await findWrongRows(client, schema)),
        ...(await findWrongReactions(client, schema, this.#reactionsFile)),
      ],
      events: Number(rows[0]!.count),
      faults: this.#faults,
      operations: counts,
    };
  }
}

/* Builds that appends write to have no checkpoint to look at. */
async function isAllHandled(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query(
    `select from ${schema}.checkpoints join ${schema}.projections p using (name, version, generation)
     where p.written_by = 'runners' and position < (select max(position) from ${schema}.events)`,
  );
  return rows.length === 0;
}

async function connected(url: string): Promise<pg.Client & AsyncDisposable> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}
