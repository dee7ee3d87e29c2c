import { Command, Handles, repositoryOf } from 'annals';
import type { CommandHandler, Repository } from 'annals';
import { inject } from 'inversify';
import { Customer } from './customer.ts';

/** Makes somebody a customer. */
export class RegisterCustomer extends Command {
  constructor(
    readonly customerId: string,
    readonly name: string,
    readonly email: string,
  ) {
    super();
  }
}

/** Handles `RegisterCustomer`. */
@Handles(RegisterCustomer)
export class RegisterCustomerHandler implements CommandHandler<RegisterCustomer> {
  constructor(@inject(repositoryOf(Customer)) private readonly customers: Repository<Customer>) {}

  handle({ customerId, name, email }: RegisterCustomer): Promise<void> {
    return this.customers.create(customerId, customer => customer.register(name, email));
  }
}
