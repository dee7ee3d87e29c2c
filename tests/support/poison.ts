import { DocumentProjector, On, Projector } from 'annals';
import type { Recorded } from 'annals';
import { AccountOpened, MoneyDeposited } from './bank.ts';

/** Deposits of this amount are poison while `isOn`. */
export const poison = { amount: 13, isOn: true, failures: Infinity, tried: 0 };

/** Makes poison work again, for the next test. */
export function resetPoison(): void {
  Object.assign(poison, { amount: 13, isOn: true, failures: Infinity, tried: 0 });
}

/** Fails as the poison says. */
export function swallow(amount: number): void {
  if (amount !== poison.amount) return;
  poison.tried++;
  if (poison.isOn && poison.failures-- > 0) throw new RangeError(`poison ${amount}`);
}

/** The amounts of an account in the order in which they came. */
@Projector('amounts')
export class Amounts extends DocumentProjector<{ amounts: number[] }> {
  @On(MoneyDeposited)
  deposited(doc = { amounts: [] as number[] }, { payload }: Recorded<MoneyDeposited>) {
    swallow(payload.amount);
    return { amounts: [...doc.amounts, payload.amount] };
  }
}

/** Like `Amounts`, but it stops at poison. */
@Projector('stopping_amounts', { onFailure: 'stop' })
export class StoppingAmounts extends Amounts {}

/** Like `Amounts`, but it goes on without poison. */
@Projector('skipping_amounts', { onFailure: 'skip', attempts: 1 })
export class SkippingAmounts extends Amounts {}

/** Like `Amounts`, but it parks three events and no more. */
@Projector('few_amounts', { maxParked: 3, attempts: 1 })
export class FewAmounts extends Amounts {}

/** Each deposit under its account and under `all`. */
@Projector('fanned_amounts', { attempts: 1 })
export class FannedAmounts extends DocumentProjector<{ amounts: number[] }> {
  @On(MoneyDeposited, event => [event.aggregateId, 'all'])
  deposited(doc = { amounts: [] as number[] }, { payload, aggregateId }: Recorded<MoneyDeposited>) {
    if (aggregateId !== 'healthy' && doc.amounts.length > 0) swallow(payload.amount);
    return { amounts: [...doc.amounts, payload.amount] };
  }
}

/** Like `FannedAmounts`, but it stops at poison. */
@Projector('stopping_fan', { onFailure: 'stop', attempts: 1 })
export class StoppingFan extends FannedAmounts {}

/** Accounts by an owner that may not be told. */
@Projector('accounts_by_owner', { attempts: 1 })
export class AccountsByOwner extends DocumentProjector<{ events: string[] }> {
  @On(AccountOpened, event => ownerOf(event))
  opened(doc = { events: [] as string[] }, { aggregateId }: Recorded<AccountOpened>) {
    return { events: [...doc.events, `${aggregateId} opened`] };
  }

  @On(MoneyDeposited, () => 'Ada')
  deposited(doc = { events: [] as string[] }, { aggregateId, payload }: Recorded<MoneyDeposited>) {
    return { events: [...doc.events, `${aggregateId} +${payload.amount}`] };
  }
}

function ownerOf({ payload }: Recorded<AccountOpened>): string {
  if (poison.isOn && payload.owner === 'Nobody') throw new RangeError('who is Nobody?');
  return payload.owner;
}
