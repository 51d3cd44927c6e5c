import { defineConfig } from 'vitest/config';
import { longTests } from './long-tests.mjs';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    exclude: process.env['CI'] ? [] : longTests,
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    testTimeout: 240_000,
    hookTimeout: 180_000,
    teardownTimeout: 30_000,
    pool: 'forks',
    // Most of the time of the lab's tests is waiting.
    maxWorkers: 3,
  },
});
