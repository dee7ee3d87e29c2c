import { DomainError } from 'annals';

/** A text is not an e-mail address. */
export class InvalidEmail extends DomainError {
  override readonly code = 'invalid-email';

  constructor(readonly email: string) {
    super(`"${email}" is not an e-mail address. Write it like ada@example.org.`);
  }
}

/** Another customer has the e-mail address. */
export class EmailTaken extends DomainError {
  override readonly code = 'email-taken';

  constructor(readonly email: string) {
    super(`Another customer has the e-mail address ${email}. Log in, or use another one.`);
  }
}
