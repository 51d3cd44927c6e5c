/** What a look at a process brought to light. */
export type Finding =
  /** It can't be moved because of this. */
  | { readonly kind: 'reason'; readonly text: string }
  /** The target needs this very file. */
  | { readonly kind: 'file'; readonly path: string }
  /** The target needs a folder there. */
  | { readonly kind: 'folder'; readonly path: string }
  /** Worth telling, no obstacle. */
  | { readonly kind: 'note'; readonly text: string };

export function reason(text: string): Finding {
  return { kind: 'reason', text };
}

/** What the processes of a job are measured against. */
export interface Setting {
  /** The job's folder and its working folder: what is in there travels, or is seen by both machines. */
  readonly inside: readonly string[];
}

export function isInside(path: string, { inside }: Setting): boolean {
  return inside.some(
    (folder) => path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`),
  );
}

/** CRIU's `--ghost-limit`: files that have no name any more travel in the image up to this size. */
export const ghostLimitBytes = 64 * 1024 * 1024;

export function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / (1024 * 1024))} MiB`;
}
