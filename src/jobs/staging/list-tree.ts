import type { Manifest } from './manifest.js';

export interface ListOptions {
  /** Only what these patterns say (see glob.ts); null or absent: everything. */
  readonly include?: readonly string[] | null;
  /** Absolute paths that are left out with all below, for example the jobs' own folders. */
  readonly exclude?: readonly string[];
  readonly limitBytes?: number;
  readonly limitEntries?: number;
  readonly signal?: AbortSignal;
}

export type Listing =
  | { readonly kind: 'ok'; readonly manifest: Manifest }
  | { readonly kind: 'too-large'; readonly atLeastBytes: number; readonly atLeastEntries: number };

/** Lists what is below `root`, never following a link, and stops as soon as a limit is passed. */
export async function listTree(root: string, options: ListOptions = {}): Promise<Listing> {
  return Promise.reject(new Error(`not built yet: ${root} ${JSON.stringify(options)}`));
}
