import type { AggregateSource, Class, EventOf } from '../../../domain/index.ts';
import type { Command, Query, QueryResult, StoreFactory } from '../../../application/index.ts';
import type { DocumentOf, DocumentProjector } from '../../../projections/index.ts';
import type { App } from '../../di/app.ts';
import type { AnnalsModule } from '../../di/module.ts';
import { memory } from '../../memory/memory-store.ts';
import { differences } from '../compare/differences.ts';
import type { ExpectedEvent } from '../compare/event-pattern.ts';
import { listDifferences } from '../compare/explain-values.ts';
import { paint } from '../compare/paint.ts';
import type { LawName } from '../laws/law.ts';
import { explainDocuments } from '../projections/explain-rows.ts';
import { failed, refuseFailure } from '../scenario/checks.ts';
import type { ErrorFields } from '../scenario/checks.ts';
import type { BindServices } from '../scenario/scenario-options.ts';
import { Scenario } from '../scenario/scenario.ts';
import type { WorldPlan } from '../scenario/world.ts';
import type { EventAsStored } from '../stored/stored-event.ts';
import { ScenarioFailed } from '../scenario-failed.ts';
import { actionSentence, say, words } from '../stories/sentences.ts';
import type { Told } from '../stories/told-story.ts';
import type { Verdict } from '../verdict.ts';

/** What the scenario of an application is told with. */
export interface AppScenarioOptions {
  readonly modules: readonly AnnalsModule[];
  /**
   * Default `memory()`. Each telling opens it anew and must find it empty, as with `onPGlite()` and `onPostgres(url)`.
   */
  readonly store?: StoreFactory;
  /** Binds what handlers and projectors are given besides Annals' own. */
  readonly bind?: BindServices;
  /** The time at which the scenario starts; default: the beginning of 2026, UTC. */
  readonly startsAt?: string;
  /** Laws that are not to be checked; default: all are. */
  readonly withoutLaws?: readonly LawName[];
}

/** What happened before in an application. Every call returns a new stage, so that a beginning can be shared. */
export interface AppGiven extends Told {
  /** Nothing at all. */
  nothing(): AppGiven;
  /** These events of an aggregate. */
  stream<Source extends AggregateSource>(
    source: Source,
    id: string,
    ...events: readonly (EventOf<Source> | EventAsStored)[]
  ): AppGiven;
  /** These commands, all of which succeed. */
  commands(...commands: readonly Command<unknown>[]): AppGiven;
  /** From here on it is this time. */
  at(time: Date | string): AppGiven;
  /** A command is dispatched, and everything that it sets in motion comes to rest. */
  when(command: Command<unknown>): AppThen;
  /** Two commands at the same time, on two nodes: both decide on the same state, and the first one is faster. */
  whenConcurrently(first: Command<unknown>, second: Command<unknown>): AppThen;
  /** Nobody does anything until this time. */
  whenTimePasses(until: Date | string): AppThen;
}

/** What must come of it. */
export interface AppThen extends Told {
  /** Exactly these events are stored, in this order: those of the command first, then those of reactions. */
  thenEvents(...events: readonly ExpectedEvent<object>[]): Verdict<AppAnd>;
  /** These events are among those that are stored, in this order. */
  thenIncludes(...events: readonly ExpectedEvent<object>[]): Verdict<AppAnd>;
  /** It succeeds, and stores nothing. */
  thenNothing(): Verdict<AppAnd>;
  /** It, or one of two, is refused with an error of this class, whose fields have these values. */
  thenFails<E extends Error>(errorClass: Class<E>, fields?: ErrorFields<E>): Verdict<AppAnd>;
  /** The command returns this value. */
  thenReturns(value: unknown): Verdict<AppAnd>;
  /** A query is answered with this value. */
  thenAnswers<Q extends Query<unknown>>(query: Q, expected: QueryResult<Q>): Verdict<AppAnd>;
  /** A projector has made these documents, by id; others do not matter. */
  thenDocuments<P extends DocumentProjector<object>>(
    projectorClass: Class<P>,
    expected: Readonly<Record<string, DocumentOf<P>>>,
  ): Verdict<AppAnd>;
}

/** More of what must come of it, or what happens next, with everything so far as given. */
export interface AppAnd extends AppGiven, AppThen {}

class AppStory extends Scenario<AppAnd> {
  thenAnswers(query: Query<unknown>, expected: unknown): Verdict<AppAnd> {
    return this.check({
      kind: 'then',
      lines: [`the answer to ${actionSentence(query)} is ${say(expected)}`],
      async check(checked, { app }) {
        refuseFailure(checked, []);
        const wrong = differences(expected, await app.queries.ask(query));
        if (wrong.length === 0) return;
        throw failed(checked, [
          paint(`${query.constructor.name} is answered otherwise.`, 'loud'),
          '',
          ...listDifferences(wrong),
        ]);
      },
    });
  }

  thenDocuments(projectorClass: Class, expected: Readonly<Record<string, object>>): Verdict<AppAnd> {
    return this.check({
      kind: 'then',
      lines: Object.entries(expected).map(
        ([id, document]) => `${words(projectorClass.name)} of ${id}: ${say(document)}`,
      ),
      async check(checked, { app }) {
        refuseFailure(checked, []);
        if (Object.keys(expected).length === 0) {
          throw new ScenarioFailed(
            `thenDocuments(${projectorClass.name}, {}) looks at no document. Name those that must be there, by id.`,
          );
        }
        const found = await app.readModels.of(projectorClass).getMany(Object.keys(expected));
        const explanation = explainDocuments(expected, Object.fromEntries(found), 'others may be there');
        if (explanation !== undefined) throw failed(checked, [explanation]);
      },
    });
  }
}

/**
 * Tells a story about a whole application: events in several streams, commands through the bus, reactions and
 * projections brought to rest, and events, answers and documents as the outcome.
 *
 *     test('an order shows up', () =>
 *       appScenario({ modules: shopModules })
 *         .commands(new RegisterCustomer('ada', 'Ada'))
 *         .when(new PlaceOrder('o-1', 'ada'))
 *         .thenAnswers(new OrdersOfCustomer('ada'), [{ orderId: 'o-1' }]));
 *
 * Of modules it makes the same app as production, with a virtual clock, and checks the laws. In an app that runs already
 * it only acts and looks: the clock stays, what is stored stays, and no law is checked that would need another telling.
 */
export function appScenario(target: AppScenarioOptions | App): AppGiven {
  const app = 'commands' in target ? target : undefined;
  const options: AppScenarioOptions = 'commands' in target ? { modules: [] } : target;
  const { modules, store = memory(), startsAt, bind, withoutLaws = [] } = options;
  const plan: WorldPlan = {
    ...{ subject: undefined, sources: [], events: [], handlers: [], modules, startsAt, bind },
    ...{ upcasters: [], store, hasReactions: true, app },
  };
  return new AppStory({ subject: 'the app', plan, steps: [], withoutLaws });
}
