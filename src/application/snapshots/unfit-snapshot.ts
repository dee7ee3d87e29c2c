import { AnnalsError } from '../../domain/index.ts';

/** A snapshot does not fit, so the events are folded instead. It is logged and reaches no caller. */
export class UnfitSnapshot extends AnnalsError {
  readonly code = 'unfit-snapshot';
  readonly aggregateType: string;

  constructor(aggregateType: string, problem: string, options?: ErrorOptions) {
    super(`A snapshot of ${aggregateType} ${problem}`, options);
    this.aggregateType = aggregateType;
  }
}
