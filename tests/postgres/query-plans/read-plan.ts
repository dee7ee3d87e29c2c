import type pg from 'pg';
import type { SqlParameter } from '../../../src/infrastructure/postgres/sql-client.ts';

/** A statement as the store sent it. */
export interface SentStatement {
  readonly text: string;
  readonly parameters: readonly SqlParameter[];
}

/** What a statement's plan read when it ran. */
export interface PlanReading {
  /** Relations that were read from end to end. */
  readonly wholeTables: readonly string[];
  readonly indexes: readonly string[];
  /** Rows that the scans yielded or threw away. */
  readonly rowsRead: number;
  /** The most rows that a sort was given. */
  readonly rowsSorted: number;
  /** Blocks of 8 KiB. */
  readonly blocks: number;
  readonly nodes: readonly string[];
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly PlanNode[];
}

/**
 * Runs a statement and reads what its plan did.
 *
 * @param mode - `custom`: planned for these parameters, as the store does; `generic`: planned for any
 */
export async function readPlan(
  client: pg.PoolClient,
  { text, parameters }: SentStatement,
  mode: 'custom' | 'generic',
): Promise<PlanReading> {
  await client.query(`set plan_cache_mode = force_${mode}_plan`);
  await client.query(`prepare searched as ${text}`);
  try {
    const list = parameters.map(literal).join(', ');
    const call = list === '' ? 'searched' : `searched(${list})`;
    const { rows } = await client.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
      `explain (analyze, buffers, timing off, format json) execute ${call}`,
    );
    return summarize(rows[0]!['QUERY PLAN'][0]!.Plan);
  } finally {
    await client.query('deallocate searched');
  }
}

function summarize(root: PlanNode): PlanReading {
  const nodes = [...flatten(root)];
  const scans = nodes.filter(
    node => node['Node Type'].includes('Scan') && !node['Node Type'].startsWith('Bitmap Index'),
  );
  const sorts = nodes.filter(node => node['Node Type'] === 'Sort');
  return {
    wholeTables: nodes
      .filter(node => node['Node Type'] === 'Seq Scan')
      .map(node => node['Relation Name'] ?? '?'),
    indexes: [...new Set(nodes.flatMap(node => node['Index Name'] ?? []))].sort(),
    rowsRead: scans.reduce((sum, node) => sum + rowsOf(node), 0),
    rowsSorted: Math.max(0, ...sorts.map(node => rowsOf(node.Plans![0]!))),
    blocks: root['Shared Hit Blocks'] + root['Shared Read Blocks'],
    nodes: nodes.map(node => `${node['Node Type']} ${node['Index Name'] ?? ''} ${rowsOf(node)}`),
  };
}

function* flatten(node: PlanNode): Iterable<PlanNode> {
  yield node;
  for (const child of node.Plans ?? []) yield* flatten(child);
}

function rowsOf(node: PlanNode): number {
  const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  return Math.ceil((node['Actual Rows'] + removed) * node['Actual Loops']);
}

/* EXECUTE takes no parameters, so they are written out. */
function literal(value: SqlParameter): string {
  if (value === null) return 'null';
  if (Buffer.isBuffer(value))
    return quote(
      `{${decodeTexts(value)
        .map(text => JSON.stringify(text))
        .join(',')}}`,
    );
  return quote(String(value));
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/* The texts of an array in PostgreSQL's wire format: a head of 20 bytes, then length and bytes of each. */
function decodeTexts(array: Buffer): string[] {
  const texts: string[] = [];
  for (let place = 20; place < array.length;) {
    const length = array.readInt32BE(place);
    texts.push(array.toString('utf8', place + 4, place + 4 + length));
    place += 4 + length;
  }
  return texts;
}
