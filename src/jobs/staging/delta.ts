import type { Entry, Manifest } from './manifest.js';

export interface DeltaOptions {
  /** The source's listing that the pass before was made from: change times tell what the others can't. */
  readonly sentBefore?: Manifest;
  /** Paths that are sent whatever they look like: files mapped writable, whose times do not follow every store. */
  readonly always?: ReadonlySet<string>;
  /** Paths that only ever grow; where the target has a part, `sparseBefore` says how much. */
  readonly appendOnly?: ReadonlySet<string>;
}

export interface Delta {
  readonly entries: readonly Entry[];
  readonly deletes: readonly string[];
  readonly sparseBefore: ReadonlyMap<string, number>;
  /** Bytes of file content that will travel. */
  readonly bytes: number;
}

/** What must be sent and removed so that the target equals the source. */
export function deltaEntries(source: Manifest, target: Manifest, options: DeltaOptions = {}): Delta {
  throw new Error(`not built yet: ${source.bytes} ${target.bytes} ${options.always?.size ?? 0}`);
}
