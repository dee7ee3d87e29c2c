import type { Upcaster } from '../../../application/index.ts';
import type { App } from '../../di/app.ts';
import type { AnnalsModule, HandlerClass } from '../../di/module.ts';
import type { LawName } from '../laws/law.ts';

/** Binds services to the container of a scenario's app, as production does to its own. */
export type BindServices = (container: App['container']) => void;

/** What a scenario may be given beside the aggregate. */
export interface ScenarioOptions {
  /** The id of the aggregate that the scenario is about; default: `<aggregate type>-1`. */
  readonly id?: string;
  /** Handlers of the commands that the scenario dispatches. */
  readonly handlers?: readonly HandlerClass[];
  /** The modules of the application, in place of single handlers. */
  readonly modules?: readonly AnnalsModule[];
  /** What reads events that are given as `storedEvent`, besides the upcasters of the modules. */
  readonly upcasters?: readonly Upcaster[];
  /** Binds what handlers are given besides Annals' own, e.g. a mailer that only notes what it is to send. */
  readonly bind?: BindServices;
  /** The time at which the scenario starts; default: the beginning of 2026, UTC. */
  readonly startsAt?: string;
  /** Laws that are not to be checked; default: all are. */
  readonly withoutLaws?: readonly LawName[];
}
