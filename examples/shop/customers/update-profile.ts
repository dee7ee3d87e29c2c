import { Command, Handles, repositoryOf } from 'annals';
import type { CommandHandler, Repository } from 'annals';
import { inject } from 'inversify';
import { Customer } from './customer.ts';

/** Changes name and e-mail address of a customer. */
export class UpdateProfile extends Command {
  constructor(
    readonly customerId: string,
    readonly name: string,
    readonly email: string,
  ) {
    super();
  }
}

/** Handles `UpdateProfile`. */
@Handles(UpdateProfile)
export class UpdateProfileHandler implements CommandHandler<UpdateProfile> {
  constructor(@inject(repositoryOf(Customer)) private readonly customers: Repository<Customer>) {}

  handle({ customerId, name, email }: UpdateProfile): Promise<void> {
    return this.customers.update(customerId, customer => customer.updateProfile(name, email));
  }
}
