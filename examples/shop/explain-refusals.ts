import { AggregateNotFound, DomainError, UniqueKeyTaken } from 'annals';
import type { CommandMiddleware } from 'annals';
import { EmailTaken } from './customers/customer-errors.ts';
import { SkuTaken } from './products/product-errors.ts';

/** A command names a product, customer or order that does not exist. */
export class UnknownId extends DomainError {
  override readonly code = 'unknown-id';

  constructor(
    readonly what: string,
    readonly id: string,
  ) {
    super(`There is no ${what} "${id}". Check the id.`);
  }
}

/** Says in the words of the shop what the framework says in its own: keys and aggregates mean nothing to callers. */
export const explainRefusals: CommandMiddleware = async (_command, _context, next) => {
  const outcome = await next();
  if (outcome.status === 'succeeded') return outcome;
  return { status: 'failed', error: explain(outcome.error) };
};

function explain(error: unknown): unknown {
  if (error instanceof AggregateNotFound) {
    return new UnknownId(error.stream.aggregateType, error.stream.aggregateId);
  }
  if (!(error instanceof UniqueKeyTaken)) return error;
  const [kind] = error.key.split(':', 1);
  const value = error.key.slice(`${kind}:`.length);
  return kind === 'sku' ? new SkuTaken(value) : new EmailTaken(value);
}
