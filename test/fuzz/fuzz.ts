import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../../src/jobs/staging/remove-tree.js';
import { memoryFolder } from '../memory-folder.js';
import { runFuzz, type FuzzResult, type Target } from './engine.js';
import { fileTargetNames, fileTargets } from './targets/files.js';
import { procTargets } from './targets/proc.js';
import { protocolTargets } from './targets/protocol.js';
import { textTargets } from './targets/text.js';

/** Those that touch no disk are done with a thousand inputs in the time of ten of the others. */
const pureShare = 3;
const pureTargets: readonly Target[] = [...textTargets, ...procTargets, ...protocolTargets].map((target) => ({
  ...target,
  share: target.share * pureShare,
}));
export const targetNames: readonly string[] = [...pureTargets.map(({ name }) => name), ...fileTargetNames];

/** Lends every parser of outside bytes, with a folder for those that write. */
export async function withTargets<T>(act: (targets: readonly Target[]) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(await memoryFolder(), 'moskit-fuzz-'));
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
