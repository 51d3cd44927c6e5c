import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder of the running test's own, removed when the test is over. */
export async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'moskit-state-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export const canMount = process.platform === 'linux' && process.getuid?.() === 0;

/** A disk of so many KiB, mounted for the running test. */
export async function smallDisk(kib: number): Promise<string> {
  const folder = await tempFolder();
  execFileSync('mount', ['-n', '-t', 'tmpfs', '-o', `size=${kib}k`, 'moskit-test', folder]);
  onTestFinished(() => void execFileSync('umount', ['-n', folder]));
  return folder;
}
