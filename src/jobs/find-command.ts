import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { exitCodes } from '../exit-codes.js';

const defaultPath = '/usr/local/bin:/usr/bin:/bin';

export interface CommandProblem {
  readonly code: number;
  readonly text: string;
}

/**
 * Why a command can't be started here, as env(1) would put it; null = it can, as far as one sees beforehand. The
 * recording sh could only say so on the job's own stderr.
 */
export async function commandProblem(
  name: string,
  env: readonly string[],
  cwd: string,
): Promise<CommandProblem | null> {
  if (name === '') return { code: exitCodes.notFound, text: "'': no such command" };
  let found = false;
  for (const path of candidates(name, env, cwd)) {
    const stats = await stat(path).catch(() => null);
    if (!stats) continue;
    found = true;
    if (stats.isFile() && (await isExecutable(path))) return null;
  }
  if (found) return { code: exitCodes.notExecutable, text: `${name}: permission denied or not a program` };
  return { code: exitCodes.notFound, text: `${name}: no such command` };
}

function candidates(name: string, env: readonly string[], cwd: string): readonly string[] {
  if (name.includes('/')) return [resolve(cwd, name)];
  const path = env.findLast((pair) => pair.startsWith('PATH='))?.slice('PATH='.length) ?? defaultPath;
  return path.split(':').map((folder) => resolve(cwd, folder, name));
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
