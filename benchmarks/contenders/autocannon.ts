import type { Sample } from '../harness/benchmark.ts';
import { loadPeer } from '../harness/load-peer.ts';

interface CannonResult {
  readonly duration: number;
  readonly errors: number;
  readonly timeouts: number;
  readonly statusCodeStats: Readonly<Record<string, { readonly count: number }>>;
  readonly latency: { readonly p50: number; readonly p99: number };
}

interface CannonPackage {
  readonly default: (options: object) => Promise<CannonResult>;
}

/** What is sent, by how many connections, for how long; `[<id>]` in the body is another text in each request. */
export interface Barrage {
  readonly address: URL;
  readonly body: string;
  readonly connections: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
}

/** Has autocannon post one thing over and over. @throws a request was not answered, or with another status than 201 */
export async function bombard({ warmUpMs, durationMs, ...barrage }: Barrage): Promise<Sample> {
  if (warmUpMs > 0) await fire(barrage, warmUpMs);
  const { latency, created, duration } = await fire(barrage, durationMs);
  return { rate: created / duration, p50: latency.p50, p99: latency.p99, errors: 0 };
}

async function fire(
  { address, body, connections }: Omit<Barrage, 'warmUpMs' | 'durationMs'>,
  durationMs: number,
): Promise<CannonResult & { readonly created: number }> {
  const { default: autocannon } = await loadPeer<CannonPackage>('autocannon');
  const result = await autocannon({
    ...{ url: address.href, method: 'POST', body, idReplacement: true, connections },
    ...{ headers: { 'content-type': 'application/json' }, duration: durationMs / 1_000 },
  });
  const { 201: created, ...others } = result.statusCodeStats;
  const refused = Object.entries(others).map(([status, { count }]) => `${count} × ${status}`);
  const unanswered = result.errors + result.timeouts;
  if (created === undefined || refused.length > 0 || unanswered > 0) {
    const told = [...refused, `${unanswered} without an answer`].join(', ');
    throw new Error(`Of the posted events ${created?.count ?? 0} were stored; others: ${told}.`);
  }
  return { ...result, created: created.count };
}
