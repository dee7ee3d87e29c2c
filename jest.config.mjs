/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/tests', '<rootDir>/examples'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  moduleNameMapper: {
    '^annals$': '<rootDir>/src/index.ts',
    '^annals/(domain|application|projections)$': '<rootDir>/src/$1/index.ts',
    '^annals/([a-z/]+)$': '<rootDir>/src/infrastructure/$1/index.ts',
  },
  globalSetup: '<rootDir>/tests/support/global-setup.mjs',
  globalTeardown: '<rootDir>/tests/support/global-teardown.mjs',
  // Only for what hangs: a machine that is busy is slow, and no test may fail for that.
  testTimeout: 300_000,
  maxWorkers: 2,
  // Modules of finished files stay in a worker, and every collection of garbage walks through them.
  workerIdleMemoryLimit: '1GB',
};
