/* Compiled by types.test.ts with the flags of the tutorial, which does not set `exactOptionalPropertyTypes`. */
import { Command, Handles, Query } from 'annals';
import type { App } from 'annals/di';
import type { AppThen } from 'annals/testing';
import { expectTypeOf } from 'expect-type';

declare const app: App;
declare const then: AppThen;

export class PriceOf extends Query<number | undefined> {
  constructor(readonly productId: string) {
    super();
  }
}

export class TakeNumber extends Command<number | undefined> {}

@Handles(PriceOf)
export class PriceOfHandler {
  handle(query: PriceOf): Promise<number | undefined> {
    return Promise.resolve(query.productId === '' ? undefined : 1);
  }
}

@Handles(TakeNumber)
export class TakeNumberHandler {
  handle(_command: TakeNumber): number | undefined {
    return undefined;
  }
}

// @ts-expect-error -- the handler of TakeNumber returns a number, or nothing
@Handles(TakeNumber)
export class WrongNumberHandler {
  handle(_command: TakeNumber): string {
    return 'x';
  }
}

/* Never called: what the compiler makes of it counts. */
export function asked(): void {
  expectTypeOf(app.queries.ask(new PriceOf('p'))).resolves.toEqualTypeOf<number | undefined>();
  expectTypeOf(app.commands.dispatch(new TakeNumber())).resolves.toEqualTypeOf<number | undefined>();
  void then.thenAnswers(new PriceOf('p'), undefined);
  // @ts-expect-error -- the answer is a number, or nothing
  void then.thenAnswers(new PriceOf('p'), '1');
}
