import { expect, test } from 'vitest';
import { fuzz } from './fuzz.js';

const inputs = Number(process.env['MOSKIT_FUZZ_INPUTS'] ?? 20_000);
const seed = Number(process.env['MOSKIT_FUZZ_SEED'] ?? 1);
const only = process.env['MOSKIT_FUZZ_ONLY'];

test(`${inputs} wicked inputs: no crash, no hang, nothing written outside, no polluted prototype`, async () => {
  const started = Date.now();
  const result = await fuzz({ seed, inputs, ...(only === undefined ? {} : { only }) });
  for (const crash of result.crashes.slice(0, 10)) console.log(crash);
  console.log(`${result.inputs} inputs in ${Date.now() - started} ms, seed ${seed}`);
  expect(result.crashes).toEqual([]);
  expect(Math.min(...Object.values(result.perTarget))).toBeGreaterThan(0);
});
