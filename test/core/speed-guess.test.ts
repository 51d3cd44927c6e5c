import { expect, test } from 'vitest';
import { guessSpeed } from '../../src/core/speed-guess.js';

test.each([
  [
    'the rate in the name, not the one of an idle moment',
    'model name\t: Intel(R) Xeon(R) CPU E5 @ 3.90GHz\ncpu MHz\t\t: 800.0\n',
    15_000,
  ],
  [
    'the fastest processor where the name says nothing',
    'model name\t: AMD EPYC\ncpu MHz\t\t: 1300.1\ncpu MHz\t\t: 2596.1\n',
    10_000,
  ],
  ['a standard processor where no rate is given', 'processor\t: 0\nBogoMIPS\t: 48.00\n', 10_000],
  ['a standard processor where there is nothing to read', '', 10_000],
  ['never nothing', 'cpu MHz : 1\n', 100],
])('a speed is guessed from %s', (_, cpuinfo, speed) => {
  expect(guessSpeed(cpuinfo)).toBe(speed);
});
