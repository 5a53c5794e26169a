import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Mutation testing of allocation and rounding: one worker, bounded in time, broken below 85 %. */
export default {
  testRunner: 'jest',
  plugins: ['@stryker-mutator/jest-runner'],
  mutate: ['libs/lending-math/src/allocation.ts', 'libs/lending-math/src/ratio.ts'],
  jest: { configFile: 'libs/lending-math/stryker.jest.mjs', enableFindRelatedTests: false },
  coverageAnalysis: 'off',
  concurrency: 1,
  timeoutMS: 20_000,
  thresholds: { high: 95, low: 85, break: 85 },
  reporters: ['clear-text', 'progress'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  // Outside of the repository: Jest would find its packages twice.
  tempDirName: join(tmpdir(), 'daftari-stryker'),
  ignorePatterns: ['/.data', '/.nx', '/reports', '/docs', '/apps', '**/dist', '**/vectors'],
  checkers: [],
  allowEmpty: false,
};
