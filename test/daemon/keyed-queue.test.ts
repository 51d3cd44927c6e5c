import { expect, it } from 'vitest';
import { KeyedQueue } from '../../src/daemon/keyed-queue.js';

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

it('what concerns one job runs one after the other, different jobs side by side', async () => {
  const queue = new KeyedQueue();
  const told: string[] = [];
  const held = gate();
  const first = queue.run('1-1', async () => {
    told.push('first begins');
    await held.opened;
    told.push('first ends');
  });
  const second = queue.run('1-1', () => Promise.resolve(told.push('second')));
  await queue.run('1-2', () => Promise.resolve(told.push('another job')));
  held.open();
  await Promise.all([first, second]);
  expect(told).toEqual(['first begins', 'another job', 'first ends', 'second']);
});

it('a task that fails tells its caller and lets the next one run', async () => {
  const queue = new KeyedQueue();
  const failed = queue.run('1-1', () => Promise.reject(new Error('no')));
  const next = queue.run('1-1', () => Promise.resolve('done'));
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('done');
});
