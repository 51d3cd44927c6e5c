import type { Entry, Manifest, Skipped } from './manifest.js';

export type CarryIn =
  | {
      readonly kind: 'ok';
      readonly manifest: Manifest;
      readonly entries: readonly Entry[];
      readonly bytes: number;
    }
  | { readonly kind: 'too-large'; readonly bytes: number; readonly hint: string };

export interface CarryInOptions {
  readonly patterns: readonly string[] | null;
  readonly limitBytes: number;
  readonly exclude?: readonly string[];
}

/** What of the working folder travels with the job. `manifest` is to be kept until the job's files come home. */
export async function planCarryIn(cwd: string, options: CarryInOptions): Promise<CarryIn> {
  return Promise.reject(new Error(`not built yet: ${cwd} ${options.limitBytes}`));
}

export interface Homecoming {
  /** New or changed at the node; a folder before what is in it. */
  readonly bring: readonly Entry[];
  /** Carried, and gone at the node; a folder after what was in it. */
  readonly deletes: readonly string[];
  readonly bytes: number;
  /** What the node could not list or moskit does not bring home. */
  readonly skipped: readonly Skipped[];
}

/** What comes home: `carried` is what home sent, `now` what the node has. */
export function planBringHome(options: {
  readonly carried: Manifest;
  readonly now: Manifest;
  readonly out: readonly string[] | null;
}): Homecoming {
  throw new Error(`not built yet: ${options.now.bytes}`);
}
