import type { Readable } from 'node:stream';

export interface ReceiveOptions {
  /** Absolute folder; made (0700) when missing, its parent must exist. */
  readonly root: string;
  readonly input: Readable;
  readonly limitBytes: number;
  readonly limitEntries: number;
  readonly signal?: AbortSignal;
}

export interface ReceiveResult {
  readonly files: number;
  /** Bytes of file content received. */
  readonly bytes: number;
  readonly deleted: number;
  /** Files that the sender says were written to while it read them. Their time is 0, so the next delta sends them again. */
  readonly unstable: readonly string[];
}

/** Reads exactly one tree from `input`; what follows it stays in the stream. Rejects unless the tree came complete. */
export async function receiveTree(options: ReceiveOptions): Promise<ReceiveResult> {
  return Promise.reject(new Error(`not built yet: ${options.root}`));
}
