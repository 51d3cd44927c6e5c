import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MoskitError } from '../../src/errors.js';
import { withTargets, targetNames } from './fuzz.js';
import { pollutedNames } from './pollution.js';

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: 'binary', maxLength: 500 }).map((text) => Buffer.from(text)),
  fc.json({ maxDepth: 6 }).map((text) => Buffer.from(text)),
);

/** Bytes with no likeness to what is expected; those that have some are the fuzzer's. */
test.each(targetNames)('%s takes any bytes, or says in its own words why it does not', async (name) => {
  await withTargets(async (targets) => {
    const target = targets.find((candidate) => candidate.name === name)!;
    await fc.assert(
      fc.asyncProperty(anyBytes, async (input) => {
        try {
          await target.run(input);
        } catch (error) {
          if (!(error instanceof MoskitError)) throw error;
        }
        expect(pollutedNames()).toEqual([]);
      }),
      { numRuns: target.share > 1 ? 300 : 60 },
    );
  });
});
