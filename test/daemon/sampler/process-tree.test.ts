import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { pollUntil } from '../../../fixtures/lab/poll.js';
import { readTree } from '../../../src/daemon/sampler/process-tree.js';
import { container } from '../../core/proc/fixtures.js';
import { copyMachine } from './fake-proc.js';

test('a tree is the process and all below it', () => {
  const { procRoot } = copyMachine(container);
  expect(readTree(procRoot, 7).map(({ pid }) => pid)).toEqual([7, 20, 21]);
  expect(readTree(procRoot, 4444)).toEqual([]);
});

test('is the same where the kernel does not list children', () => {
  const machine = copyMachine(container);
  for (const task of ['1/task/1', '7/task/7', '7/task/8', '7/task/9', '20/task/20', '21/task/21']) {
    machine.remove(`proc/${task}/children`);
  }
  expect(readTree(machine.procRoot, 7).map(({ pid }) => pid)).toEqual([7, 20, 21]);
});

test('of real processes it has the pipeline below a shell', async () => {
  const child = spawn('sh', ['-c', 'sleep 60 | sleep 61 & wait'], { detached: true, stdio: 'ignore' });
  onTestFinished(() => void process.kill(-child.pid!, 'SIGKILL'));
  const tree = await pollUntil('the pipeline', () => {
    const found = readTree('/proc', child.pid!);
    return found.filter(({ comm }) => comm === 'sleep').length === 2 ? found : undefined;
  });
  expect(tree[0]).toMatchObject({ pid: child.pid, comm: 'sh' });
});
