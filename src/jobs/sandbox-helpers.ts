import { readFile } from 'node:fs/promises';

/** What moskit itself puts into a job's tree to feed its standard input; told by their arguments. */
const keeperSeconds = '2147480085';
const feederMark = '---disable-inotify';

/** The keeper sleeps; when it is ended, the feeder sends the rest of the spool and then the end of input. */
export const keeperArgs = ['sleep', keeperSeconds] as const;

export async function argvOf(pid: number): Promise<readonly string[]> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return text.split('\0').slice(0, -1);
}

export async function isKeeper(pid: number): Promise<boolean> {
  const argv = await argvOf(pid);
  return argv.length === 2 && argv[1] === keeperSeconds;
}

export async function isFeeder(pid: number): Promise<boolean> {
  const argv = await argvOf(pid);
  return argv[0]?.endsWith('tail') === true && argv.includes(feederMark) && argv.at(-1)?.endsWith('/stdin.data') === true;
}

export async function isHelper(pid: number): Promise<boolean> {
  return (await isKeeper(pid)) || isFeeder(pid);
}
