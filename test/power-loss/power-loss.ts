import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { memoryFolder } from '../memory-folder.js';
import { tornFiles, type Points } from './torn-files.js';
import { writeSteps } from './write-steps.js';

/**
 * Lets the power go out at every byte of every file, and at every step of every writing. `wrong` says what was then
 * neither the old, nor the new, nor known to be damaged. `stride`: at every n-th byte only.
 */
export async function powerLoss({ stride = 1 }: { readonly stride?: number } = {}): Promise<Points> {
  // which bytes get to the disk is decided here
  const folder = await mkdtemp(join(await memoryFolder(), 'moskit-power-'));
  try {
    const [torn, steps] = [await tornFiles(folder, stride), await writeSteps(folder)];
    return { points: torn.points + steps.points, wrong: [...torn.wrong, ...steps.wrong] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
