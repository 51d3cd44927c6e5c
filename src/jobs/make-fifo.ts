import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { MoskitError } from '../errors.js';

const run = promisify(execFile);

/** Node.js cannot make fifos, so mkfifo(1) does. */
export async function makeFifo(path: string): Promise<void> {
  await rm(path, { force: true });
  try {
    await run('mkfifo', ['-m', '600', '--', path]);
  } catch (cause) {
    throw new MoskitError(`no fifo can be made at ${path}`, { cause });
  }
}
