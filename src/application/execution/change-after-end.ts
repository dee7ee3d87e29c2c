import { AnnalsError } from '../../domain/index.ts';

/** An aggregate was loaded or changed after its handler had ended, or by code of none; nothing was stored. */
export class ChangeAfterEnd extends AnnalsError {
  readonly code = 'change-after-end';

  constructor() {
    super(
      'An aggregate was loaded or changed after its handler had ended, or by code that does not run in that handler, so ' +
        'the change was not stored. Await everything that a handler starts, and do not keep an aggregate beyond it.',
    );
  }
}
