import { readFileSync, readdirSync } from 'node:fs';
import type pg from 'pg';

/** Processor time in milliseconds; of PostgreSQL only where `/proc` shows the server's processes. */
export interface CpuTime {
  readonly nodeMs: number;
  readonly postgresMs: number | undefined;
}

interface ProcessTime {
  readonly parent: number;
  readonly ownMs: number;
  readonly endedChildrenMs: number;
}

// Linux counts in ticks of 10 ms, whatever the hardware.
const tickMs = 10;

/**
 * Counts the processor time of this process and of all processes of a PostgreSQL server on the same machine.
 *
 * Time on a clock depends on who else is running; processor time hardly does.
 */
export class CpuMeter {
  readonly #serverPid: number | undefined;

  private constructor(serverPid: number | undefined) {
    this.#serverPid = serverPid;
  }

  static async of(client: pg.Client): Promise<CpuMeter> {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const backend = readProcess(rows[0]!.pid);
    return new CpuMeter(backend?.parent);
  }

  /** What has been used since these processes began. */
  read(): CpuTime {
    const { user, system } = process.cpuUsage();
    return { nodeMs: (user + system) / 1_000, postgresMs: this.#postgresMs() };
  }

  /** What has been used since `start`. */
  since(start: CpuTime): CpuTime {
    const now = this.read();
    const isKnown = now.postgresMs !== undefined && start.postgresMs !== undefined;
    return {
      nodeMs: now.nodeMs - start.nodeMs,
      postgresMs: isKnown ? now.postgresMs - start.postgresMs : undefined,
    };
  }

  /* A backend that ended is counted among the ended children of the server's main process. */
  #postgresMs(): number | undefined {
    const server = this.#serverPid;
    if (server === undefined) return undefined;
    const main = readProcess(server);
    if (main === undefined) return undefined;
    return childrenOf(server).reduce((sum, { ownMs }) => sum + ownMs, main.ownMs + main.endedChildrenMs);
  }
}

function childrenOf(parent: number): ProcessTime[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(name => readProcess(Number(name)))
    .filter(found => found?.parent === parent) as ProcessTime[];
}

/* Undefined where there is no such process here: the server may run elsewhere. */
function readProcess(pid: number): ProcessTime | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    if (!stat.includes('(postgres)')) return undefined;
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = (index: number): number => Number(fields[index]) * tickMs;
    return {
      parent: Number(fields[1]),
      ownMs: ticks(11) + ticks(12),
      endedChildrenMs: ticks(13) + ticks(14),
    };
  } catch {
    return undefined;
  }
}
