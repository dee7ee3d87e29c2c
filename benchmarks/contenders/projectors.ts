import { DocumentProjector, On, Projector, TableProjector } from 'annals';
import type { Class, ProjectionMode, Recorded } from 'annals';
import { AccountOpened, MoneyDeposited, MoneyWithdrawn } from './account.ts';
import type { Movement } from './account.ts';

/** Told of each event that a projector was handed. */
export type Listener = (event: Recorded) => void;

const ignore: Listener = () => undefined;

/**
 * A projector that stores nothing: what it costs is what every projector costs.
 *
 * @param name - of its checkpoint; a new name begins at the first event
 */
export function noOpProjector(name: string, listener: Listener = ignore): Class {
  @Projector(name)
  class NoOp extends TableProjector {
    readonly tables = {};

    @On(AccountOpened) opened(event: Recorded<AccountOpened>): void {
      listener(event);
    }

    @On(MoneyDeposited) deposited(event: Recorded<MoneyDeposited>): void {
      listener(event);
    }

    @On(MoneyWithdrawn) withdrawn(event: Recorded<MoneyWithdrawn>): void {
      listener(event);
    }
  }
  return NoOp;
}

/** What an account's owner sees; every contender keeps the same document. */
export interface Statement {
  readonly owner: string;
  readonly currency: string;
  readonly balance: number;
  readonly movements: number;
}

/** The fold of a statement, for all contenders. */
export function foldStatement(
  before: Statement | null | undefined,
  type: string,
  { owner, currency, amount }: Pick<Movement, 'owner' | 'currency' | 'amount'>,
): Statement {
  const change = type === 'account.withdrawn' ? -amount : amount;
  const { balance, movements } = before ?? { balance: 0, movements: 0 };
  return { owner, currency, balance: balance + change, movements: movements + 1 };
}

/** Which events share a document: those of an account, or none. */
export type DocumentPer = 'account' | 'event';

/** How a projector of statements runs. */
export interface StatementOptions {
  readonly documentPer: DocumentPer;
  readonly mode?: ProjectionMode;
}

/** A projector that keeps statements as documents. */
export function statementProjector(name: string, { documentPer, mode = 'async' }: StatementOptions): Class {
  @Projector(name, { mode })
  class Statements extends DocumentProjector<Statement> {
    @On(AccountOpened) opened(before: Statement | undefined, event: Recorded<AccountOpened>): Statement {
      return foldStatement(before, event.type, event.payload);
    }

    @On(MoneyDeposited) deposited(before: Statement | undefined, event: Recorded<MoneyDeposited>): Statement {
      return foldStatement(before, event.type, event.payload);
    }

    @On(MoneyWithdrawn) withdrawn(before: Statement | undefined, event: Recorded<MoneyWithdrawn>): Statement {
      return foldStatement(before, event.type, event.payload);
    }
  }
  if (documentPer === 'account') return Statements;

  @Projector(name, { mode })
  class StatementsByEvent extends Statements {
    override key({ aggregateId, version }: Recorded): string {
      return `${aggregateId}-${version}`;
    }
  }
  return StatementsByEvent;
}
