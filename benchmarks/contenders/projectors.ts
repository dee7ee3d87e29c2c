import { On, Projector, TableProjector } from 'annals';
import type { Class, Recorded } from 'annals';
import { AccountOpened, MoneyDeposited, MoneyWithdrawn } from './account.ts';

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
