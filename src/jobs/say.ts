import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';

const searched = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const maxSaidBytes = 16 * 1024;

/** sbin is not on every user's PATH. */
export async function programNamed(name: string): Promise<string | null> {
  for (const folder of [...(process.env['PATH'] ?? '').split(':').filter(Boolean), ...searched]) {
    const path = join(folder, name);
    if (await isProgram(path)) return path;
  }
  return null;
}

function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

export interface Said {
  readonly code: number | null;
  readonly text: string;
}

/** Runs a command to its end, in the root folder; keeps the last of what it says on stdout and stderr. */
export function say(words: readonly string[], timeoutMs: number): Promise<Said> {
  const child = spawn(words[0]!, words.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  let text = '';
  const keep = (chunk: Buffer): void => {
    text = (text + chunk.toString('latin1')).slice(-maxSaidBytes);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, text }));
  });
}
