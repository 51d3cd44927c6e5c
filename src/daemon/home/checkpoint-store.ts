import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isCheckpoint, sealedPrefix, type Checkpoint } from '../../core/checkpoint.js';
import { MoskitError } from '../../errors.js';
import { loadJsonFile, saveJsonFile, type JsonCheck } from '../../state/json-file.js';

const keyFile = 'image-key';
const namePattern = /^checkpoint-(\d+)\.json$/;

/** The key of this installation's MACs: 256 random bits that are made once and never leave this machine. */
export async function loadImageKey(stateDir: string): Promise<Buffer> {
  const path = join(stateDir, keyFile);
  const loaded = await loadJsonFile(path);
  if (loaded.kind === 'ok' && typeof loaded.value === 'string' && /^[0-9a-f]{64}$/.test(loaded.value))
    return Buffer.from(loaded.value, 'hex');
  const key = randomBytes(32);
  await saveJsonFile(path, key.toString('hex'), { durable: true });
  return key;
}

export interface Mac {
  readonly take: (chunk: Buffer) => void;
  readonly hex: () => string;
}

/** Taken over bytes as they pass through home. */
export function macOf(key: Buffer, image: Parameters<typeof sealedPrefix>[0], part: string): Mac {
  const hmac = createHmac('sha256', key).update(sealedPrefix(image, part));
  return { take: (chunk) => void hmac.update(chunk), hex: () => hmac.digest('hex') };
}

export function isSameMac(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

/** What home knows of a job's images, the newest first. A damaged record is set aside, and its image not used. */
export async function loadCheckpoints(jobDir: string): Promise<readonly Checkpoint[]> {
  const found: Checkpoint[] = [];
  for (const name of await readdir(jobDir).catch(() => [])) {
    const sequence = Number(namePattern.exec(name)?.[1]);
    if (!(sequence > 0)) continue;
    const loaded = await loadJsonFile(join(jobDir, name), { check });
    if (loaded.kind === 'ok' && loaded.value.sequence === sequence) found.push(loaded.value);
  }
  return found.sort((a, b) => b.sequence - a.sequence);
}

const check: JsonCheck<Checkpoint> = (value) =>
  isCheckpoint(value) ? { ok: true, value } : { ok: false, problems: ['it is not the record of an image'] };

/** Its bytes are on the keeper's disk: from here on it counts. */
export function saveCheckpoint(jobDir: string, checkpoint: Checkpoint): Promise<void> {
  return saveJsonFile(pathOf(jobDir, checkpoint.sequence), checkpoint, { durable: true });
}

export async function forgetCheckpoint(jobDir: string, sequence: number): Promise<void> {
  await rm(pathOf(jobDir, sequence), { force: true });
}

function pathOf(jobDir: string, sequence: number): string {
  if (!Number.isSafeInteger(sequence)) throw new MoskitError(`${sequence} is no number of an image`);
  return join(jobDir, `checkpoint-${sequence}.json`);
}
