import { defineConfig } from 'vitest/config';

export default defineConfig({
  // "annals/testing" is what tsconfig.json of the repository says.
  resolve: { tsconfigPaths: true },
  test: { include: ['*.spec.ts'] },
});
