import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ProtocolError } from '../../src/errors.js';
import { openBox } from './box.js';
import { runFuzz, type Target } from './engine.js';

const samples = [Buffer.from('{"a":1}')];
const targetThat = (run: Target['run']): Target => ({ name: 'wicked', share: 1, samples, run });

async function crashesOf(run: Target['run']): Promise<readonly string[]> {
  const { crashes } = await runFuzz({ seed: 1, inputs: 300, targets: [targetThat(run)], budgetMs: 200 });
  return crashes.map(({ error }) => error.split('\n')[0]!);
}

describe('the fuzzer notices a parser that', () => {
  test.each<[string, Target['run'], RegExp]>([
    ['throws what no user can be told', () => BigInt('x'), /^SyntaxError/],
    [
      'changes the prototype of all objects',
      () => Reflect.set(Object.prototype, 'polluted', 1),
      /prototype of all/,
    ],
    [
      'believes in a size that was claimed',
      () => Buffer.alloc(100 * 1024 * 1024),
      /asked for 104857600 bytes/,
    ],
    ['rejects with no error at all', () => Promise.reject(new Error('plain')), /^Error: plain/],
    ['takes too long', busy, /took longer than 200 ms/],
  ])('%s', async (_, run, expected) => {
    expect((await crashesOf(once(run)))[0]).toMatch(expected);
  });

  test('and nothing else: a refusal in our own words is an answer', async () => {
    expect(
      await crashesOf(() => {
        throw new ProtocolError('no');
      }),
    ).toEqual([]);
    expect(Object.keys({})).toEqual([]);
  });
});

test('the same seed gives the same inputs, and another one gives others', async () => {
  const inputsOf = async (seed: number): Promise<readonly string[]> => {
    const seen: string[] = [];
    await runFuzz({ seed, inputs: 200, targets: [targetThat((input) => seen.push(input.toString('hex')))] });
    return seen;
  };
  const first = await inputsOf(5);
  expect(await inputsOf(5)).toEqual(first);
  expect(await inputsOf(6)).not.toEqual(first);
  expect(new Set(first).size).toBeGreaterThan(100);
});

test('the box notices what changes around it, and setuid bits in it', async () => {
  const base = await mkdtemp(join(tmpdir(), 'moskit-box-'));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  const box = await openBox(base);
  await box.fill();
  await expect(box.check()).resolves.toBeUndefined();
  await writeFile(join(box.root, 'su'), 'x');
  await chmod(join(box.root, 'su'), 0o4755);
  await expect(box.check()).rejects.toThrow('setuid');
  await box.fill();
  await writeFile(join(box.root, 'l', 'evil'), 'x');
  await expect(box.check()).rejects.toThrow('outside of the folder changed');
});

/** Only the third input is met with it. */
function once(run: Target['run']): Target['run'] {
  let count = 0;
  return (input) => (++count === 3 ? run(input) : undefined);
}

function busy(): void {
  for (const end = performance.now() + 300; performance.now() < end;);
}
