import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { pollUntil } from '../../fixtures/lab/poll.js';
import { readFileSync } from 'node:fs';
import { isProcessAlive, ownIdentity } from '../../src/state/process-identity.js';

test('we are alive, an earlier process with our number or of an earlier boot is not', () => {
  const own = ownIdentity();
  expect(own.pid).toBe(process.pid);
  expect(isProcessAlive(own)).toBe(true);
  expect(isProcessAlive({ ...own, startTicks: own.startTicks - 1 })).toBe(false);
  expect(isProcessAlive({ ...own, bootId: 'another' })).toBe(false);
});

test('a child is alive until it has ended, and a zombie has ended', async () => {
  // The shell does not wait for its child, so that it stays a zombie.
  const shell = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const [chunk] = (await once(shell.stdout, 'data')) as [Buffer];
    const pid = Number(chunk.toString());
    const stat = await pollUntil('the zombie', () => {
      const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
      return text.includes(') Z ') ? text.slice(text.lastIndexOf(')') + 2).split(' ') : undefined;
    });
    const zombie = { ...ownIdentity(), pid, startTicks: Number(stat[19]) };
    expect(isProcessAlive(zombie)).toBe(false);
  } finally {
    shell.kill('SIGKILL');
  }
});

test('without start times the process is asked by a signal that does nothing', () => {
  expect(isProcessAlive({ ...ownIdentity(), startTicks: 0 })).toBe(true);
  expect(isProcessAlive({ ...ownIdentity(), pid: 2 ** 22 + 1, startTicks: 0 })).toBe(false);
});
