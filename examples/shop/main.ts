import type { DomainError } from 'annals';
import type { App } from 'annals/di';
import { Day, clockTime, openingTime } from './business-day/day.ts';
import { planDay, showcaseOrderId } from './business-day/plan-day.ts';
import { lookAround, runDay } from './business-day/run-day.ts';
import type { RunOptions } from './business-day/run-day.ts';
import { ShopClock } from './business-day/shop-clock.ts';
import type { Step } from './business-day/step.ts';
import { WrongUsage, help, readCommandLine } from './command-line.ts';
import type { CommandLine, NamedStore } from './command-line.ts';
import { Interrupted, untilInterrupted } from './interruption.ts';
import { formatHistory, formatOrderAsOf } from './print/order-history.ts';
import { showProgress } from './print/progress.ts';
import { formatCatalog, formatCustomers, formatRevenue } from './print/read-models.ts';
import { formatRefusals } from './print/refusals.ts';
import { serveShop } from './serve-shop.ts';
import { lastRecordedAt, openShop } from './shop.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const store = readCommandLine(args);
    if (store === 'help') console.log(help);
    else await untilInterrupted(signal => workOneDay(store, signal));
    return 0;
  } catch (error) {
    console.error((error as Error).message);
    if (!(error instanceof WrongUsage)) return error instanceof Interrupted ? 130 : 1;
    console.error(`\n${help}`);
    return 2;
  }
}

async function workOneDay(store: CommandLine, signal: AbortSignal): Promise<void> {
  console.log(`Opening the shop: ${store.name}\n`);
  const clock = new ShopClock(new Day(1).at(openingTime));
  const shop = await openShop(store.store, clock);
  try {
    const last = await lastRecordedAt(shop);
    const day = last === undefined ? new Day(1) : Day.of(last).next();
    const refusals = await work(shop, day, { clock, signal });
    await printDay(shop, day, refusals);
    printWhatNext(store);
    if (store.servesAt !== undefined) await serveShop(shop, store.servesAt, signal);
  } finally {
    await shop.stop();
  }
}

async function work(shop: App, day: Day, options: RunOptions): Promise<readonly DomainError[]> {
  options.clock.set(day.at(openingTime));
  const morning = await lookAround(shop, day);
  const steps = planDay(morning);
  const { productIds, customerCount, openOrders } = morning;
  console.log(`Day ${day.number}: ${day.name}`);
  console.log(
    `${productIds.size} products, ${customerCount} customers, ${openOrders.length} open orders from before.\n`,
  );
  const progress = showProgress(steps.length, process.stdout);
  const onStep = ({ at }: Step): void => progress.advance(at);
  try {
    return await runDay(shop, steps, { ...options, onStep });
  } finally {
    progress.end();
  }
}

async function printDay(shop: App, day: Day, refusals: readonly DomainError[]): Promise<void> {
  const orderId = showcaseOrderId(day);
  console.log(await formatCatalog(shop));
  console.log(await formatCustomers(shop));
  console.log(await formatRevenue(shop));
  console.log(formatRefusals(refusals));
  console.log(await formatHistory(shop, orderId));
  console.log(await formatOrderAsOf(shop, orderId, day.at(clockTime('12:00'))));
}

function printWhatNext({ name, sameAgain }: NamedStore): void {
  const commands = new Map([
    [sameAgain ?? '', 'the next day, on top of this one'],
    ['npm start -- --store memory', 'a first day that leaves nothing behind'],
    ['npm start -- --store postgres://...', 'the same on a PostgreSQL server'],
    ['npm start -- --help', 'all options'],
  ]);
  commands.delete('');
  console.log(sameAgain === undefined ? '\nNothing was kept.' : `\nEverything is kept: ${name}`);
  console.log('\nWhat next?\n');
  for (const [command, purpose] of commands) console.log(`  ${command.padEnd(37)}${purpose}`);
}
