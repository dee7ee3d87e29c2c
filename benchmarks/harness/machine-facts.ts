import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';
import pg from 'pg';

/** What a figure depends on besides the code. */
export interface MachineFacts {
  readonly measuredAt: string;
  readonly commit: string;
  readonly node: string;
  readonly postgres: string;
  readonly postgresSettings: Readonly<Record<string, string>>;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
}

const settings = ['fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'max_wal_size'];

/** The facts of this machine and of the server that is measured. */
export async function machineFacts(serverUrl: string): Promise<MachineFacts> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    const text = 'select name, current_setting(name) as value from unnest($1::text[]) name';
    const { rows } = await client.query<{ name: string; value: string }>(text, [
      ['server_version', ...settings],
    ]);
    const { server_version: postgres = 'unknown', ...postgresSettings } = Object.fromEntries(
      rows.map(({ name, value }) => [name, value]),
    );
    return { ...ownFacts(), postgres, postgresSettings };
  } finally {
    await client.end();
  }
}

function ownFacts(): Omit<MachineFacts, 'postgres' | 'postgresSettings'> {
  return {
    measuredAt: new Date().toISOString(),
    commit: currentCommit(),
    node: process.version,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
  };
}

/* The sources may also come without their history. */
function currentCommit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  try {
    const commit = git('rev-parse', '--short', 'HEAD').trim();
    return git('status', '--porcelain', '--untracked-files=no') === '' ? commit : `${commit} with changes`;
  } catch {
    return 'unknown';
  }
}
