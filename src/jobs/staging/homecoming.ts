import type { JobId } from '../../core/ids.js';
import type { Homecoming } from './carry.js';
import type { Manifest } from './manifest.js';

export interface HomecomingResult {
  readonly brought: readonly string[];
  /** Home has something newer or else there: the job's version lies beside it. */
  readonly conflicts: readonly { readonly path: string; readonly storedAs: string | null }[];
  readonly deleted: readonly string[];
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * Puts the files received in `staging` into the home folder. Never over anything that changed at home since it was
 * carried. Doing it again after a crash, with the same staging folder, gives the same result.
 */
export async function applyHomecoming(options: {
  readonly home: string;
  readonly staging: string;
  readonly plan: Homecoming;
  readonly carried: Manifest;
  readonly job: JobId;
}): Promise<HomecomingResult> {
  return Promise.reject(new Error(`not built yet: ${options.home}`));
}
