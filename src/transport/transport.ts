import type { Duplex, Readable, Writable } from 'node:stream';

/** A command that runs on the other side. */
export interface ExecChannel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when the command ended or the connection broke. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  close(): void;
}

/** One connection to one machine; the only door to it. */
export interface Connection {
  /** Runs `command` with the login shell of the user, as ssh does. */
  exec(command: string): Promise<ExecChannel>;
  /** Connects to a unix socket of the other machine; rejects where the server does not allow it. */
  openUnix(path: string): Promise<Duplex>;
  /** All that came from the other side so far, whatever it was for. */
  readonly receivedBytes?: number;
  /** Settles once, with the reason (undefined after `close`). */
  readonly closed: Promise<Error | undefined>;
  close(): void;
}
