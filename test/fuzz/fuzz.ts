import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from '../../src/jobs/staging/remove-tree.js';
import { runFuzz, type FuzzResult, type Target } from './engine.js';
import { fileTargetNames, fileTargets } from './targets/files.js';
import { procTargets } from './targets/proc.js';
import { protocolTargets } from './targets/protocol.js';
import { textTargets } from './targets/text.js';

const pureTargets: readonly Target[] = [...textTargets, ...procTargets, ...protocolTargets];
export const targetNames: readonly string[] = [...pureTargets.map(({ name }) => name), ...fileTargetNames];

/** Lends every parser of outside bytes, with a folder for those that write. */
export async function withTargets<T>(act: (targets: readonly Target[]) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'moskit-fuzz-'));
  try {
    return await act([...pureTargets, ...(await fileTargets(folder))]);
  } finally {
    await removeTree(folder);
  }
}

/** Feeds mutated samples to all of them (`only`: to one). The same seed gives the same inputs. */
export function fuzz(options: {
  readonly seed: number;
  readonly inputs: number;
  readonly only?: string;
}): Promise<FuzzResult> {
  const { seed, inputs, only } = options;
  return withTargets((targets) =>
    runFuzz({ seed, inputs, targets: targets.filter(({ name }) => only === undefined || name === only) }),
  );
}
