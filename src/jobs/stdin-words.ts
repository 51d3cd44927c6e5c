import { readFile } from 'node:fs/promises';

/**
 * What moskit itself puts into a job's tree to feed its standard input, told by its arguments. The keeper only sleeps;
 * once it is ended, the feeder sends what is left in the spool and then the end of input.
 */
const keeperSeconds = '2147480085';
const feederMark = '---disable-inotify'; // inotify does not see writes of other machines, and is hard to move

export const keeperWords: readonly string[] = ['sleep', keeperSeconds];

/** The words are shell text. */
export function feederWords(keeper: string, spool: string): readonly string[] {
  return ['tail', '-c', '+1', '-f', '-s', '0.05', feederMark, `--pid=${keeper}`, spool];
}

/** Neither is a part of what the user started. */
export async function isHelper(pid: number): Promise<boolean> {
  return isHelperArgv(await argvOf(pid));
}

export function isHelperArgv(argv: readonly string[]): boolean {
  return isKeeper(argv) || isFeeder(argv);
}

export async function argvOf(pid: number): Promise<readonly string[]> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return text.split('\0').slice(0, -1);
}

export function isKeeper(argv: readonly string[]): boolean {
  return argv.length === 2 && argv[1] === keeperSeconds;
}

export function isFeeder(argv: readonly string[]): boolean {
  return argv.includes(feederMark) && argv.at(-1)?.endsWith('/stdin.data') === true;
}
