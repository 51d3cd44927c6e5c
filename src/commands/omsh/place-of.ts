import type { MosrunArguments } from '../mosrun/job-request.js';
import { commandWords } from './command-words.js';
import type { ShellLine } from './shell-line.js';

export type Place =
  { readonly kind: 'home' } | { readonly kind: 'best'; readonly options: MosrunArguments['options'] };

/** Over sooner than they could be sent anywhere: sh's own commands, and programs that only touch files. */
const small: ReadonlySet<string> = new Set(
  `: . [ alias basename break cat cd chgrp chmod chown cmp command continue cp cut date dirname echo exit export expr false
  getopts hash hostname id install kill ln local logname ls mkdir mkfifo mktemp mv printf pwd read readlink readonly
  realpath return rm rmdir set shift sleep stat sync tee test times touch trap true tty type ulimit umask unalias uname
  unset wait which whoami ar ranlib`.split(/\s+/),
);

/** They start further jobs themselves, through an omsh of their own, and hold make's job server. */
const starters: ReadonlySet<string> = new Set(['make', 'gmake', 'ninja', 'omsh', 'mosrun', 'moskit']);

/** Same on every node, or every node's own. */
const ofTheSystem = /^\/(usr|bin|sbin|lib|lib32|lib64|etc|opt|dev|proc|sys|tmp|var\/tmp)(\/|$)/;

/**
 * Where the command belongs. A folder that a node does not see is carried there, and then `../include` and
 * `/home/me/include` are not: such a command goes only where the folder itself is.
 */
export function placeOf(line: ShellLine, env: NodeJS.ProcessEnv): Place {
  if (line.kind === 'stdin' || env['MOSKIT_OMSH'] === 'home') return { kind: 'home' };
  if (line.kind === 'script') return { kind: 'best', options: leadsOut(line.path) ? inPlaceOnly : {} };
  const words = commandWords(line.text);
  if (words?.commands.every((name) => small.has(name))) return { kind: 'home' };
  const names = words?.commands ?? line.text.split(/[^\w.-]+/);
  if (names.some((name) => starters.has(name))) return { kind: 'home' };
  const isCarriable = words !== null && ![...words.others, line.text.split(/\s/)[0]!].some(leadsOut);
  return { kind: 'best', options: isCarriable ? {} : inPlaceOnly };
}

const inPlaceOnly: MosrunArguments['options'] = { 'carry-limit': '0' };

/** `../x`, `-I../x`, `/home/me/x`, `-o/home/me/x`, `--file=/home/me/x`. */
function leadsOut(word: string): boolean {
  const path = word.replace(/^-{1,2}[\w-]*?=?(?=\.{0,2}\/)/, '');
  return (
    /(^|[/=])\.\.(\/|$)/.test(word) ||
    /^-[A-Za-z]\.\./.test(word) ||
    (path.startsWith('/') && !ofTheSystem.test(path))
  );
}
