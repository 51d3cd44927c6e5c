/** Plain JSON; travels to the other machine. */
export interface FolderProbe {
  readonly format: 1;
  /** Absolute. */
  readonly dir: string;
  /** Null where the folder could not be written to. */
  readonly file: { readonly name: string; readonly secret: string } | null;
  readonly identity: FolderIdentity;
}

export interface FolderIdentity {
  readonly dev: string;
  readonly ino: string;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
  readonly bootId: string;
  /** The folder lies on a file system that several machines can share (NFS, CephFS, …). */
  readonly network: boolean;
}

export type FolderCheck =
  { readonly same: true; readonly writable: boolean } | { readonly same: false; readonly reason: string };

/** Leaves a hidden file with a secret in `dir`. Whoever calls it also calls `removeProbe`, whatever happened. */
export async function makeProbe(dir: string): Promise<FolderProbe> {
  return Promise.reject(new Error(`not built yet: ${dir}`));
}

/** On the other machine: is that very folder here, under the same path? */
export async function checkProbe(probe: FolderProbe): Promise<FolderCheck> {
  return Promise.reject(new Error(`not built yet: ${probe.dir}`));
}

export async function removeProbe(probe: FolderProbe): Promise<void> {
  return Promise.reject(new Error(`not built yet: ${probe.dir}`));
}
