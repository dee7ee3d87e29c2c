/** "annals/testing": given-when-then for aggregates and projectors, for any test runner. */
export type { ContractCase, MakeEventStore } from './contract/contract-case.ts';
export { eventStoreContract } from './contract/event-store-contract.ts';
export { projectionFor } from './projection-scenario.ts';
export type { ProjectionScenario } from './projection-scenario.ts';
export { ScenarioFailed, ScenarioNotAwaited } from './scenario-failed.ts';
export { scenarioFor } from './scenario.ts';
export type { Given, Then } from './scenario.ts';
export type { ErrorFields } from './scenario-checks.ts';
export type { ScenarioOptions } from './scenario-world.ts';
export { SequentialIds } from './sequential-ids.ts';
export type { Verdict } from './verdict.ts';
export { VirtualClock } from './virtual-clock.ts';
