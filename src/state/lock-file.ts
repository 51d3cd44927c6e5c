import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { writeError } from '../disk-error.js';
import { errnoOf, MoskitError } from '../errors.js';
import { tempName } from './atomic-file.js';
import { isProcessAlive, ownIdentity, type ProcessIdentity } from './process-identity.js';

export interface HeldLock {
  readonly held: true;
  release(): Promise<void>;
}

export type LockAnswer = HeldLock | { readonly held: false; readonly holder: { readonly pid: number } };

/** What the lock file says. The token tells two locks of one process apart. */
interface LockRecord extends ProcessIdentity {
  readonly token: string;
}

const attempts = 50;
const retryMs = 20;

/**
 * Takes the lock, or says who has it. The file comes into being with its text in it (link), so nobody ever reads half of
 * it. A lock whose process is dead is taken over under a second lock, `PATH.takeover`: without that, two who saw the same
 * dead holder could each remove what the other had just put there.
 */
export async function tryLock(path: string): Promise<LockAnswer> {
  const record: LockRecord = { ...ownIdentity(), token: crypto.randomUUID() };
  const temp = tempName(path);
  try {
    await writeFile(temp, JSON.stringify(record), { flag: 'wx', mode: 0o600 });
    return await acquire(path, temp, record);
  } catch (error) {
    if (error instanceof MoskitError) throw error;
    throw writeError(`cannot take the lock ${path}`, path, error);
  } finally {
    await unlink(temp).catch(() => undefined);
  }
}

async function acquire(path: string, temp: string, record: LockRecord): Promise<LockAnswer> {
  let holder = 0;
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (await tryLink(temp, path)) return heldLock(path, record);
    const found = await readRecord(path);
    if (found === 'missing') continue; // it was released meanwhile
    if (found !== 'damaged' && isProcessAlive(found)) return { held: false, holder: { pid: found.pid } };
    const takeover = await tryLock(`${path}.takeover`);
    if (takeover.held) {
      if (await replaceDead(path, temp, found).finally(() => takeover.release()))
        return heldLock(path, record);
    } else {
      holder = takeover.holder.pid;
    }
    await delay(retryMs);
  }
  return { held: false, holder: { pid: holder } };
}

async function tryLink(temp: string, path: string): Promise<boolean> {
  try {
    await link(temp, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Only whoever holds the takeover lock gets here, so what is dead now is still what gets replaced. */
async function replaceDead(path: string, temp: string, dead: LockRecord | 'damaged'): Promise<boolean> {
  const found = await readRecord(path);
  if (found === 'missing') return false;
  const isSame = found === 'damaged' ? dead === 'damaged' : dead !== 'damaged' && found.token === dead.token;
  if (!isSame) return false;
  await rename(temp, path);
  return true;
}

function heldLock(path: string, { token }: LockRecord): HeldLock {
  return {
    held: true,
    release: async () => {
      const found = await readRecord(path);
      if (typeof found === 'object' && found.token === token) await unlink(path);
    },
  };
}

async function readRecord(path: string): Promise<LockRecord | 'missing' | 'damaged'> {
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as Partial<LockRecord> | null;
    const { pid, startTicks, bootId, token } = value ?? {};
    const fits =
      typeof pid === 'number' &&
      typeof startTicks === 'number' &&
      typeof bootId === 'string' &&
      typeof token === 'string';
    return fits ? { pid, startTicks, bootId, token } : 'damaged';
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 'missing';
    if (error instanceof SyntaxError) return 'damaged';
    throw error;
  }
}
