import { shellQuote } from './shell-quote.js';

/** What ends the one line of a crontab that is ours; cron hands it to sh, to which it is a comment. */
export const cronMark = '# moskit rebalance';

const minutes = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30];
const hours = [1, 2, 3, 4, 6, 8, 12];

/** cron's five fields for an even interval; null for one that cron can't keep (7 minutes do not divide an hour). */
export function cronFields(everyMs: number): string | null {
  const minute = everyMs / 60_000;
  if (minute === 1) return '* * * * *';
  if (minutes.includes(minute)) return `*/${minute} * * * *`;
  if (minute === 60) return '0 * * * *';
  if (hours.includes(minute / 60)) return `0 */${minute / 60} * * *`;
  return minute === 24 * 60 ? '0 0 * * *' : null;
}

/** Our line. What it prints goes nowhere, what goes wrong is mailed by cron. */
export function cronLine(
  fields: string,
  command: { readonly words: readonly string[]; readonly env: Readonly<Record<string, string>> },
): string {
  const settings = Object.entries(command.env).map(([name, value]) => `${name}=${shellQuote(value)}`);
  const words = command.words.map(shellQuote);
  // cron makes a line break of every percent sign that has no backslash, inside of quotes too, and sh would keep one there.
  const shell = [...settings, ...words, '>/dev/null'].join(' ').replaceAll('%', '\\%');
  return `${fields} ${shell} ${cronMark}`;
}

/** Our lines of a crontab: at most one, unless somebody copied it. */
export function ownCronLines(crontab: string): readonly string[] {
  return crontab.split('\n').filter(isOurs);
}

/**
 * The crontab with `line` as its only line of ours, or with none. Every other byte stays. Ours goes to the top: what others
 * set further down (SHELL, PATH) then does not reach it, and nothing of theirs has to end in a line break.
 */
export function withCronLine(crontab: string, line: string | null): string {
  const others = crontab.split('\n').filter((other) => !isOurs(other));
  return (line === null ? others : [line, ...others]).join('\n');
}

function isOurs(line: string): boolean {
  return !line.startsWith('#') && line.endsWith(` ${cronMark}`);
}
