import { randomBytes, timingSafeEqual } from 'node:crypto';
import { constants } from 'node:fs';
import { access, lstat, open, opendir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../../errors.js';
import { isSameIdentity, readIdentity, type FolderIdentity } from './folder-identity.js';
import { isProbeName, newProbeName } from './hidden-names.js';
import { reasonOf } from './reason.js';

/** Plain JSON; travels to the other machine. */
export interface FolderProbe {
  readonly format: 1;
  /** Absolute. */
  readonly dir: string;
  /** Null where the folder could not be written to. */
  readonly file: { readonly name: string; readonly secret: string } | null;
  readonly identity: FolderIdentity;
}

export type FolderCheck =
  { readonly same: true; readonly writable: boolean } | { readonly same: false; readonly reason: string };

const staleMs = 10 * 60_000;
const mostNamesLookedAt = 5_000;
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;

/** Leaves a hidden file with a secret in `dir`. Whoever calls it also calls `removeProbe`, whatever happened. */
export async function makeProbe(dir: string): Promise<FolderProbe> {
  await removeStale(dir).catch(() => undefined);
  const file = await leaveSecret(dir);
  return { format: 1, dir, file, identity: await readIdentity(dir) };
}

/** On the other machine: is that very folder here, under the same path? */
export async function checkProbe(probe: FolderProbe): Promise<FolderCheck> {
  const { dir, file } = probe;
  try {
    if (file ? !(await seesSecret(dir, file)) : !isSameIdentity(probe.identity, await readIdentity(dir)))
      return { same: false, reason: `${dir} is another folder here` };
    return { same: true, writable: await mayWrite(dir) };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { same: false, reason: `${dir} is not here` };
    return { same: false, reason: `${dir} cannot be looked at here: ${reasonOf(error)}` };
  }
}

export async function removeProbe(probe: FolderProbe): Promise<void> {
  if (!probe.file || !isProbeName(probe.file.name)) return;
  await unlink(join(probe.dir, probe.file.name)).catch(() => undefined); // a stale one is removed by the next probe
}

async function leaveSecret(dir: string): Promise<FolderProbe['file']> {
  const name = newProbeName();
  const secret = randomBytes(32).toString('hex');
  const path = join(dir, name);
  const handle = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600).catch(() => null);
  if (!handle) return null;
  try {
    await handle.writeFile(secret);
    await handle.sync(); // the other machine asks the file server, not this machine's cache
    return { name, secret };
  } catch {
    await unlink(path).catch(() => undefined);
    return null;
  } finally {
    await handle.close();
  }
}

async function seesSecret(dir: string, file: NonNullable<FolderProbe['file']>): Promise<boolean> {
  // a peer names the file: nothing but a probe is ever opened for it
  if (!isProbeName(file.name) || !/^[0-9a-f]{64}$/.test(file.secret)) return false;
  await lstat(dir);
  const handle = await open(join(dir, file.name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(
    (error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    },
  );
  if (!handle) return false;
  try {
    const expected = Buffer.from(file.secret);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(expected.length), 0, expected.length, 0);
    return bytesRead === expected.length && timingSafeEqual(buffer, expected);
  } finally {
    await handle.close();
  }
}

function mayWrite(dir: string): Promise<boolean> {
  return access(dir, constants.W_OK).then(
    () => true,
    () => false,
  );
}

/** Probes whose maker was killed. Only our own, and not in a folder so full that looking would take long. */
async function removeStale(dir: string): Promise<void> {
  let left = mostNamesLookedAt;
  for await (const { name } of await opendir(dir, { bufferSize: 256 })) {
    if (--left < 0) return;
    if (!isProbeName(name)) continue;
    const stats = await lstat(join(dir, name));
    if (stats.isFile() && stats.uid === process.geteuid?.() && stats.mtimeMs < Date.now() - staleMs)
      await unlink(join(dir, name));
  }
}
