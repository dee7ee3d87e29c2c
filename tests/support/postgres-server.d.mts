/** Whom to run the server as; nobody else, unless this process is root. */
export function unprivilegedUser(): { readonly uid?: number; readonly gid?: number };

/** A throw-away PostgreSQL server; see postgres-server.mjs. */
export class PostgresServer {
  /** @param settings - of postgresql.conf, e.g. `{ fsync: 'off' }` */
  static create(
    settings?: Readonly<Record<string, string | number>>,
    place?: {
      /** A command that runs the server somewhere else, e.g. `SmallDisk.enter`. */
      readonly enter?: readonly string[];
      /** More options of `initdb`. */
      readonly initdb?: readonly string[];
    },
  ): Promise<PostgresServer>;
  /** Of the superuser, who needs no password. */
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  readonly isRunning: boolean;
  /** Starts the server and waits until it takes connections. */
  start(): Promise<void>;
  /** Ends the server in order. */
  stop(): Promise<void>;
  /** Sends a signal to all processes of the server: `SIGKILL` crashes it, `SIGSTOP` and `SIGCONT` freeze and wake it. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Stops the server and removes its folder. */
  remove(): Promise<void>;
}
