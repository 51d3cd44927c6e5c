import { writeSync } from 'node:fs';
import { errnoOf } from '../errors.js';
import { exitCodes } from '../exit-codes.js';
import { harmless } from './columns.js';

const retryMs = 5;

/**
 * A line of the result. Written at once, past Node.js' streams: nothing is then waiting to be written when the command
 * ends, and a tool does not pay for setting the streams up. Reasons and names come from other machines, so nothing in
 * them may steer the terminal.
 */
export function print(text: string): void {
  try {
    writeAll(1, `${harmless(text)}\n`);
  } catch (error) {
    // `mps | head -1`: the reader has what it wanted.
    if (errnoOf(error) === 'EPIPE') process.exit(exitCodes.done);
    throw error;
  }
}

/** A line for the user beside the result. */
export function complain(text: string): void {
  try {
    writeAll(2, `${harmless(text)}\n`);
  } catch {
    // There is nobody left to tell.
  }
}

function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') throw error;
      // Somebody made the pipe non-blocking, and it is full.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
    }
  }
}
