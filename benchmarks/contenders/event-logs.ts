import type { Contender } from '../harness/benchmark.ts';
import type { ScratchDatabase } from '../harness/scratch-database.ts';
import { AnnalsLog } from './annals.ts';
import { BareCalls } from './bare/bare-calls.ts';
import { BareGroupCommit } from './bare/bare-group-commit.ts';
import { CastoreLog } from './castore.ts';
import { EmmettLog } from './emmett.ts';
import type { EventLog } from './event-log.ts';
import { MessageDbLog } from './message-db.ts';

/** How a contender is called and opened. */
export interface LogKind {
  readonly name: string;
  readonly kind: Contender['kind'];
  open(database: ScratchDatabase): Promise<EventLog>;
}

/** Annals on a server. */
export const annals: LogKind = {
  name: 'Annals',
  kind: 'annals',
  open: ({ url }) => AnnalsLog.onServer(url),
};

/** The driver with a loop that lets appends share calls. */
export const bareGroupCommit: LogKind = {
  name: 'bare group commit',
  kind: 'bare',
  open: database => BareGroupCommit.onServer(database),
};

/** The driver with one function call an append. */
export const bareCalls: LogKind = {
  name: 'bare calls',
  kind: 'bare',
  open: database => BareCalls.onServer(database),
};

/** Emmett over a pool of 32. */
export const emmett: LogKind = { name: 'Emmett', kind: 'peer', open: ({ url }) => EmmettLog.open(url) };

/** Castore over a pool of 32. */
export const castore: LogKind = { name: 'Castore', kind: 'peer', open: ({ url }) => CastoreLog.open(url) };

/** message-db over a pool of 32. */
export const messageDb: LogKind = {
  name: 'message-db',
  kind: 'peer',
  open: database => MessageDbLog.open(database),
};
