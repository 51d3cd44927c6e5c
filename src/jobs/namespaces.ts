import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
let known: Promise<readonly string[] | null> | undefined;

/**
 * The words that put a command into namespaces of its own; null where they are not allowed: to root in most
 * containers, to ordinary users always (not without a user namespace). With PIDs of its own a job finds them free on
 * every target; with clocks of its own its timers do not go wrong on a machine with another uptime.
 */
export function unshareWords(): Promise<readonly string[] | null> {
  known ??= process.getuid?.() === 0 ? firstThatWorks() : Promise.resolve(null);
  return known;
}

async function firstThatWorks(): Promise<readonly string[] | null> {
  for (const words of [
    ['unshare', '--pid', '--time', '--fork'],
    ['unshare', '--pid', '--fork'],
  ]) {
    if (await works([...words, 'true'])) return words;
  }
  return null;
}

export async function works(words: readonly string[]): Promise<boolean> {
  return run(words[0]!, words.slice(1)).then(
    () => true,
    () => false,
  );
}
