import { hooks } from './bare-runner.ts';

Object.assign(globalThis, hooks);
// The kit looks for hooks when it is loaded.
await import('./bare-tests.ts');
