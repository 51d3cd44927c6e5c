import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { MoskitError } from '../../errors.js';
import type { OpenDir } from './anchor.js';

/**
 * Node.js cannot make fifos, so mkfifo(1) does. It inherits the folder as descriptor 3, which keeps links out of the
 * way and bytes that are not UTF-8 out of its arguments.
 */
export async function makeFifoIn(dir: OpenDir, name: string): Promise<void> {
  const isHeld = dir.base.toString('latin1').startsWith('/proc/self/fd/');
  const path = isHeld ? `/proc/self/fd/3/${name}` : `${dir.base.toString('utf8')}${name}`;
  const child = spawn('mkfifo', ['-m', '600', path], { stdio: ['ignore', 'ignore', 'pipe', dir.handle.fd] });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('utf8')).slice(0, 500);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new MoskitError(`cannot make a fifo: ${complaint.trim() || 'mkfifo failed'}`);
}
