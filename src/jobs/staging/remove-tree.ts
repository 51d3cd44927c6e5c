import { chmod, opendir, rm } from 'node:fs/promises';
import { errnoOf } from '../../errors.js';

/** Removes a folder with everything in it, also where the job left folders that may not be written to. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (errnoOf(error) !== 'EACCES' && errnoOf(error) !== 'EPERM') throw error;
    await unlockFolders(Buffer.from(path));
    await rm(path, { recursive: true, force: true });
  }
}

/** Anchored paths would change nothing here: whatever is unlocked is below a folder that is about to go. */
async function unlockFolders(dir: Buffer): Promise<void> {
  await chmod(dir, 0o700);
  const options = { encoding: 'buffer' as BufferEncoding };
  for await (const entry of await opendir(dir, options)) {
    if (!entry.isDirectory()) continue; // a link is not, whatever it leads to
    await unlockFolders(Buffer.concat([dir, Buffer.from('/'), entry.name as unknown as Buffer]));
  }
}
