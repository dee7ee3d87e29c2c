import { AnnalsError } from 'annals';

/** The command line does not say what to do. */
export class WrongUsage extends AnnalsError {
  readonly code = 'wrong-usage';
}
