import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { MoskitError } from '../errors.js';
import { loadJsonFile, saveJsonFile } from '../state/json-file.js';

/** What tells this installation's jobs from those of any other home: 64 random bits, made once. */
export async function installationIdentity(stateDir: string): Promise<string> {
  const path = join(stateDir, 'identity');
  const loaded = await loadJsonFile(path);
  if (loaded.kind === 'ok' && typeof loaded.value === 'string' && /^[0-9a-f]{16}$/.test(loaded.value)) {
    return loaded.value;
  }
  if (loaded.kind !== 'missing') {
    throw new MoskitError(`${path} is damaged: the nodes would not know this home's jobs again`, {
      hint: `put the file back; if no job of this home runs, remove ${path}`,
    });
  }
  const identity = randomBytes(8).toString('hex');
  await saveJsonFile(path, identity, { durable: true });
  return identity;
}
