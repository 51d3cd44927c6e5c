export interface FollowOptions {
  readonly signal?: AbortSignal;
  /** True once nobody writes to the spool any more. */
  readonly isEnded: () => boolean | Promise<boolean>;
}

export interface SpoolFollower extends AsyncIterable<Buffer> {
  /** Looks at once: something may have been written, or it has ended. */
  poke(): void;
}

/** Every byte from `from` on, once and in order, until the spool has ended and everything in it was given. */
export function followSpool(path: string, from: number, options: FollowOptions): SpoolFollower {
  throw new Error(`not built yet: ${path} ${from} ${String(options.signal)}`);
}
