import { appendCases } from './append-cases.ts';
import { badAppendCases } from './bad-append-cases.ts';
import { badIdentifierCases } from './bad-identifier-cases.ts';
import { badTextCases } from './bad-text-cases.ts';
import { badValueCases } from './bad-value-cases.ts';
import { causationCases } from './causation-cases.ts';
import { commandCases } from './command-cases.ts';
import type { ContractCase } from './contract-case.ts';
import { expectedVersionCases } from './expected-version-cases.ts';
import { feedContract } from './feed-contract.ts';
import { findCases } from './find-cases.ts';
import { lifeCases } from './life-cases.ts';
import { queryCases } from './query-cases.ts';
import { queryPageCases } from './query-page-cases.ts';
import { raceCases } from './race-cases.ts';
import { readStreamCases } from './read-stream-cases.ts';
import { repetitionCases } from './repetition-cases.ts';
import { roundTripCases } from './round-trip-cases.ts';
import { uniqueKeyCases } from './unique-key-cases.ts';

/**
 * All that an event store promises, as cases for any test runner:
 *
 *     describe('MyEventStore', () => {
 *       for (const { name, run } of eventStoreContract()) test(name, () => run(makeStore));
 *     });
 *
 * Run them one after another. Names are unique. What only a database can break (lost connections, kills,
 * other processes) needs tests of the adapter's own.
 */
export function eventStoreContract(): readonly ContractCase[] {
  return [
    ...appendCases,
    ...expectedVersionCases,
    ...repetitionCases,
    ...raceCases,
    ...uniqueKeyCases,
    ...commandCases,
    ...badAppendCases,
    ...badIdentifierCases,
    ...badValueCases,
    ...badTextCases,
    ...roundTripCases,
    ...readStreamCases,
    ...feedContract(),
    ...queryCases,
    ...queryPageCases,
    ...causationCases,
    ...findCases,
    ...lifeCases,
  ];
}
