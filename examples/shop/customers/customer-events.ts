import { Event } from 'annals';

/** Somebody became a customer. */
@Event('customer.registered')
export class CustomerRegistered {
  constructor(
    readonly name: string,
    readonly email: string,
  ) {}
}

/** A customer has another name or e-mail address. */
@Event('customer.profile_updated')
export class CustomerProfileUpdated {
  constructor(
    readonly name: string,
    readonly email: string,
    readonly oldEmail: string,
  ) {}
}

/** Everything that can happen to a customer. */
export type CustomerEvent = CustomerRegistered | CustomerProfileUpdated;
