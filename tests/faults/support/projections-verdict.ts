import { readFile } from 'node:fs/promises';
import type pg from 'pg';
import { digest } from './projected-domain.ts';
import type { Digest } from './projected-domain.ts';

interface Logged {
  readonly position: number;
  readonly thing: string;
  readonly version: number;
  readonly amount: number;
}

interface Build {
  readonly name: string;
  readonly version: number;
  readonly generation: number;
  readonly status: string;
}

/** What is wrong with the read models, against a fold of the log that knows nothing of projections. */
export async function findWrongRows(client: pg.Client, schema: string): Promise<string[]> {
  const log = await readLog(client, schema);
  const { rows: builds } = await client.query<Build>(
    `select name, version, generation, status from ${schema}.projections order by name, version, generation`,
  );
  const problems: string[] = [];
  for (const build of builds.filter(({ name }) => name !== 'reactions')) {
    const { name, version, generation, status } = build;
    const prefix = `${schema}.${name}_v${version}${generation === 1 ? '' : `g${generation}`}_`;
    const differences =
      name === 'move_rows'
        ? await wrongMoves(client, prefix, log)
        : await wrongDigests(client, prefix, foldOf(log, name === 'digests' ? version : 1));
    if (differences.length > 0) {
      const shown = differences.slice(0, 3).join('; ');
      problems.push(
        `${name} v${version} g${generation} (${status}): ${differences.length} differ, e.g. ${shown}`,
      );
    }
  }
  return problems;
}

/** What is wrong with the calls of the event handler: one is missing, or the first of a version came too early. */
export async function findWrongReactions(
  client: pg.Client,
  schema: string,
  reactionsFile: string,
): Promise<string[]> {
  const reached = new Map<string, number>();
  const problems: string[] = [];
  for (const line of (await readFile(reactionsFile, 'utf8')).trimEnd().split('\n')) {
    const [thing, number] = line.split(' ') as [string, string];
    const version = Number(number);
    const before = reached.get(thing) ?? 0;
    if (version > before + 1) problems.push(`${thing} was at ${before} when ${version} came`);
    reached.set(thing, Math.max(before, version));
  }
  for (const [thing, events] of byThing(await readLog(client, schema))) {
    if (reached.get(thing) !== events.length)
      problems.push(`${thing} has ${events.length} events, and ${reached.get(thing)} were reacted to`);
  }
  return problems;
}

async function readLog(client: pg.Client, schema: string): Promise<Logged[]> {
  const { rows } = await client.query<{ [column in keyof Logged]: string }>(
    `select e.position, s.aggregate_id as thing, e.version, e.payload ->> 'amount' as amount
     from ${schema}.events e join ${schema}.streams s using (stream_ref) order by e.position`,
  );
  return rows.map(({ position, thing, version, amount }) => {
    return { position: Number(position), thing, version: Number(version), amount: Number(amount) };
  });
}

function byThing(log: readonly Logged[]): Map<string, Logged[]> {
  const things = new Map<string, Logged[]>();
  for (const event of log) things.set(event.thing, [...(things.get(event.thing) ?? []), event]);
  return things;
}

function foldOf(log: readonly Logged[], version: number): Map<string, Digest> {
  const fold = new Map<string, Digest>();
  for (const { thing, amount } of log) fold.set(thing, digest(fold.get(thing), amount, version));
  return fold;
}

async function wrongDigests(
  client: pg.Client,
  prefix: string,
  expected: ReadonlyMap<string, Digest>,
): Promise<string[]> {
  const { rows } = await client.query<{ id: string; document: Digest }>(
    `select id, document from ${prefix}documents`,
  );
  const found = new Map(rows.map(({ id, document }) => [id, document]));
  return [...new Set([...found.keys(), ...expected.keys()])].flatMap(id => {
    const [is, should] = [found.get(id), expected.get(id)];
    if (is?.count === should?.count && is?.hash === should?.hash) return [];
    return `${id} is ${JSON.stringify(is)} instead of ${JSON.stringify(should)}`;
  });
}

/* Rows are numbered as they were written: each thing's in the order of its events, and every event once. */
async function wrongMoves(client: pg.Client, prefix: string, log: readonly Logged[]): Promise<string[]> {
  const { rows } = await client.query<{ thing: string; positions: string[] }>(
    `select thing, array_agg(position order by number) as positions from ${prefix}moves group by thing`,
  );
  const found = new Map(rows.map(({ thing, positions }) => [thing, positions.map(Number)]));
  return [...byThing(log)].flatMap(([thing, events]) => {
    const positions = found.get(thing) ?? [];
    const should = events.map(event => event.position);
    if (positions.join() === should.join()) return [];
    return `${thing} has ${positions.length} rows for ${should.length} events, or in another order`;
  });
}
