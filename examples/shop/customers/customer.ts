import { Aggregate, AggregateRoot, On } from 'annals';
import { InvalidEmail } from './customer-errors.ts';
import { CustomerProfileUpdated, CustomerRegistered } from './customer-events.ts';
import type { CustomerEvent } from './customer-events.ts';

/** Somebody who may order. */
@Aggregate('customer')
export class Customer extends AggregateRoot<CustomerEvent> {
  private name = '';
  private email = '';

  /** No two customers share an e-mail address; one that a customer gives up is free again. */
  override uniqueKeys(): readonly string[] {
    return [`email:${this.email.toLowerCase()}`];
  }

  /** Makes somebody a customer. */
  register(name: string, email: string): void {
    requireEmail(email);
    this.raise(new CustomerRegistered(name, email));
  }

  /** Changes name and e-mail address. */
  updateProfile(name: string, email: string): void {
    requireEmail(email);
    if (name === this.name && email === this.email) return;
    this.raise(new CustomerProfileUpdated(name, email, this.email));
  }

  @On(CustomerRegistered)
  @On(CustomerProfileUpdated)
  protected profileChanged(event: CustomerEvent): void {
    this.name = event.name;
    this.email = event.email;
  }
}

function requireEmail(email: string): void {
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new InvalidEmail(email);
}
