import { describe, test } from '@jest/globals';
import { scenarioFor } from 'annals/testing';
import { writeSide } from '../shop-module.ts';
import { EmailTaken, InvalidEmail } from './customer-errors.ts';
import { CustomerProfileUpdated, CustomerRegistered } from './customer-events.ts';
import { Customer } from './customer.ts';
import { RegisterCustomer } from './register-customer.ts';
import { UpdateProfile } from './update-profile.ts';

const ada = new CustomerRegistered('Ada', 'ada@example.org');
const customer = scenarioFor(Customer, { id: 'customer-1', modules: [writeSide] });

describe('Customer', () => {
  test('registers', () =>
    customer
      .nothing()
      .when(new RegisterCustomer('customer-1', 'Ada', 'ada@example.org'))
      .thenEvents(ada));

  test.each(['', 'ada', 'ada@', '@example.org', 'a da@example.org'])('refuses "%s" as an address', email =>
    customer
      .nothing()
      .when(new RegisterCustomer('customer-1', 'Ada', email))
      .thenFails(InvalidEmail, { email }),
  );

  test('changes name and address', () =>
    customer
      .events(ada)
      .when(new UpdateProfile('customer-1', 'Ada L.', 'ada@example.net'))
      .thenEvents(new CustomerProfileUpdated('Ada L.', 'ada@example.net', 'ada@example.org')));

  test('stays as it is when nothing changes', () =>
    customer
      .events(ada)
      .when(new UpdateProfile('customer-1', 'Ada', 'ada@example.org'))
      .thenNothing());
});

describe('the e-mail address of a customer', () => {
  const another = customer.commands(new RegisterCustomer('customer-2', 'Ada', 'ada@example.org'));

  test('is refused if another customer has it, in whatever case', () =>
    another
      .when(new RegisterCustomer('customer-1', 'Eve', 'ADA@example.org'))
      .thenFails(EmailTaken, { email: 'ada@example.org' }));

  test('is refused in a change of profile, too', () =>
    another
      .commands(new RegisterCustomer('customer-1', 'Eve', 'eve@example.org'))
      .when(new UpdateProfile('customer-1', 'Eve', 'ada@example.org'))
      .thenFails(EmailTaken));

  test('is free again once its customer has another one', () =>
    another
      .commands(new UpdateProfile('customer-2', 'Ada', 'ada@example.net'))
      .when(new RegisterCustomer('customer-1', 'Eve', 'ada@example.org'))
      .thenEvents(new CustomerRegistered('Eve', 'ada@example.org')));
});
