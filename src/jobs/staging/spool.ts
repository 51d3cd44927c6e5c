export interface SpoolWriter {
  /** Bytes the spool holds. */
  readonly size: number;
  /**
   * Takes bytes that belong at `offset`. What the spool already has is ignored, so a repeated delivery is harmless;
   * bytes beyond the end are refused, because they would leave a gap. Returns the new size.
   */
  write(offset: number, bytes: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

export async function openSpoolWriter(path: string): Promise<SpoolWriter> {
  return Promise.reject(new Error(`not built yet: ${path}`));
}

/** What the spool holds from `from` on; does not wait for more. */
export async function* readSpool(path: string, from: number): AsyncGenerator<Buffer, void, undefined> {
  await Promise.reject(new Error(`not built yet: ${path} ${from}`));
  yield Buffer.alloc(0);
}

/** Gives the space of the first `upTo` bytes back to the disk; the size stays. False where that can't be done. */
export async function punchDelivered(path: string, upTo: number): Promise<boolean> {
  return Promise.reject(new Error(`not built yet: ${path} ${upTo}`));
}
