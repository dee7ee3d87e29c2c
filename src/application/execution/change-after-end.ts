import { AnnalsError } from '../../domain/index.ts';

/** An aggregate was loaded or changed after the handler that it belongs to had ended; nothing was stored. */
export class ChangeAfterEnd extends AnnalsError {
  readonly code = 'change-after-end';

  constructor() {
    super(
      'An aggregate was loaded or changed after its handler had ended, so the change could not be stored any more. ' +
        'Await everything that a handler starts, and do not keep an aggregate beyond it.',
    );
  }
}
