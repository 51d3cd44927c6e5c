import { open as openFile } from 'node:fs/promises';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

/**
 * `dies`: the process ends at this step, in the middle of a write, and does nothing after it, not even tidy up.
 * Else the step fails with that error, and the program goes on; a disk that is read-only stays so.
 */
export type Fault = 'dies' | 'ENOSPC' | 'EIO' | 'EROFS';

type Call = (this: unknown, ...values: unknown[]) => Promise<unknown>;

const functionNames = [
  'open',
  'rename',
  'unlink',
  'link',
  'mkdir',
  'rm',
  'rmdir',
  'writeFile',
  'truncate',
  'chmod',
];
const handleNames = ['write', 'writeFile', 'sync', 'datasync', 'truncate', 'chmod', 'utimes'];

/** Runs `act` with a disk on which step number `at` (from 0) goes wrong. `reached`: there were as many steps. */
export async function onFaultyDisk(
  fault: Fault,
  at: number,
  act: () => Promise<unknown>,
): Promise<{ readonly reached: boolean; readonly error: unknown }> {
  let step = -1;
  const goesWrong = (): boolean => {
    step += 1;
    return step === at || (step > at && (fault === 'dies' || fault === 'EROFS'));
  };
  const undo = [
    ...functionNames.map((name) => patch(promises, name, fault, goesWrong, () => step === at)),
    ...handleNames.map((name) => patch(handlePrototype, name, fault, goesWrong, () => step === at)),
  ];
  syncBuiltinESMExports();
  try {
    await act();
    return { reached: step >= at, error: null };
  } catch (error) {
    return { reached: step >= at, error };
  } finally {
    for (const restore of undo) restore();
    syncBuiltinESMExports();
  }
}

const probe = await openFile('/dev/null');
const handlePrototype = Object.getPrototypeOf(probe) as object;
await probe.close();

function patch(
  owner: object,
  name: string,
  fault: Fault,
  goesWrong: () => boolean,
  isFirst: () => boolean,
): () => void {
  const original = Reflect.get(owner, name) as Call;
  const faulty: Call = async function (...values) {
    const isRead = name === 'open' && (values[1] === undefined || values[1] === 'r');
    if (isRead || !goesWrong()) return original.apply(this, values);
    if (fault === 'dies' && isFirst() && name.startsWith('write'))
      await writeHalf(this, name, values, original);
    throw Object.assign(new Error(`${fault}: ${name}`), { code: fault === 'dies' ? 'EDIED' : fault });
  };
  Reflect.set(owner, name, faulty);
  return () => void Reflect.set(owner, name, original);
}

/** A write that the power went out on has some of its bytes on the disk. */
async function writeHalf(owner: unknown, name: string, values: unknown[], original: Call): Promise<void> {
  const at = owner === promises || owner === undefined ? 1 : 0;
  const data = values[at];
  const bytes = typeof data === 'string' ? Buffer.from(data) : (data as Uint8Array);
  const half = [...values];
  half[at] = bytes.subarray(0, bytes.length >> 1);
  if (name === 'write') half.splice(1, 2, 0, bytes.length >> 1);
  await original.apply(owner, half);
}
