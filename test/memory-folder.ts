import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';

/** Where folders for thousands of small writes go: into memory where that is possible, so that none waits for a disk. */
export async function memoryFolder(): Promise<string> {
  const found = await stat('/dev/shm').catch(() => null);
  return found?.isDirectory() ? '/dev/shm' : tmpdir();
}
