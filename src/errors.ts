import { exitCodes } from './exit-codes.js';

export interface ErrorDetails {
  readonly hint?: string | undefined;
  /** What was done, step by step, and what the other side said: for --debug. */
  readonly explanation?: readonly string[] | undefined;
  readonly cause?: unknown;
}

/** Base of every error that moskit raises on purpose: what failed, on what, why; `hint` says what to do. */
export class MoskitError extends Error {
  readonly code: string = 'failed';
  readonly exitCode: number = exitCodes.failed;
  readonly hint: string | undefined;
  explanation: readonly string[];

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.hint = details.hint;
    this.explanation = details.explanation ?? [];
  }
}

/** The command line or a file the user wrote is wrong. */
export class UsageError extends MoskitError {
  override readonly code: string = 'usage';
  override readonly exitCode = exitCodes.usage;
}

/** A node, or mosd, cannot be reached. */
export class UnreachableError extends MoskitError {
  override readonly code: string = 'unreachable';
  override readonly exitCode = exitCodes.unreachable;
}

/** A rule says no; the message is the reason. */
export class RefusedError extends MoskitError {
  override readonly code: string = 'refused';
  override readonly exitCode = exitCodes.refused;
}

/** The other side broke the protocol: garbage, a wrong version, a line too long. */
export class ProtocolError extends MoskitError {
  override readonly code: string = 'protocol';
}

/** The other side is a moskit with which this one can't speak. */
export class OtherProtocolError extends ProtocolError {
  /** Its version, and that of its protocol. */
  readonly theirs: string;
  readonly protocol: number;

  constructor(theirs: string, protocol: number, ours: number) {
    super(`the other side speaks protocol ${protocol}, this is protocol ${ours}`, {
      hint: 'run the same moskit version on both machines',
    });
    this.theirs = theirs;
    this.protocol = protocol;
  }
}

/** Empty for errors that have nothing to explain. */
export function explanationOf(error: unknown): readonly string[] {
  return error instanceof MoskitError ? error.explanation : [];
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a Node.js system error (`ENOENT`, …), or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? code : undefined;
}
