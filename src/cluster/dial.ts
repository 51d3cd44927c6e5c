import type { Caller, Dialled } from './peer-link.js';

export interface DialOptions {
  /** Address of the node in the map. */
  readonly address: string;
  readonly env: NodeJS.ProcessEnv;
  readonly deadlineMs: number;
  /** The bundled program on this machine, which is copied to the node when it is missing there. */
  readonly program: string;
  readonly as: Caller;
  readonly signal?: AbortSignal;
}

/** Connects, starts or installs the program there, greets its mosd. Rejects with UnreachableError. */
export function dialPeer(options: DialOptions): Promise<Dialled> {
  return Promise.reject(new Error(`not built yet: ${options.address}`));
}
