/** What a node of the projection faults runs. */
export interface NodePlan {
  readonly url: string;
  readonly schema: string;
  readonly seed: number;
  readonly version: 1 | 2;
  readonly tallies: 'inline' | 'async';
  readonly isPoisonOn: boolean;
  readonly writes: boolean;
  readonly reactionsFile: string;
  /** How wrong its clock is. */
  readonly clockOffsetMs: number;
}

/** What an operator may ask of a node. */
export const operations = [
  'rebuild',
  'cancel',
  'swap',
  'roll back',
  'drop',
  'reshard',
  'retry',
  'pause and resume',
] as const;

/** One of `operations`; or `mend`: whatever is parked or has stopped, of any build, goes on. */
export type OperationName = (typeof operations)[number] | 'mend';

/** Which projection it is about. */
export type ProjectionName = 'digests' | 'move_rows' | 'tallies' | 'strict_digests' | 'few_digests';

/** What the runner tells a node. */
export type NodeOrder =
  | { readonly do: 'run'; readonly plan: NodePlan }
  | { readonly do: OperationName; readonly id: number; readonly to: ProjectionName; readonly shards?: number }
  | { readonly do: 'set clock'; readonly offsetMs: number }
  /** Writers stop, the app stops, and the process has to end by itself. */
  | { readonly do: 'stop' };

/** What a node tells the runner. */
export type NodeAnswer =
  | { readonly said: 'running' }
  /** Of an operation; a refusal is a code, anything else a problem. */
  | { readonly said: 'done'; readonly id: number; readonly code?: string; readonly problem?: string }
  | { readonly said: 'problem'; readonly problem: string }
  | { readonly said: 'stopped' };
