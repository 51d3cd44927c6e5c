/** What sh was asked to run. */
export type ShellLine =
  | { readonly kind: 'command'; readonly text: string }
  | { readonly kind: 'script'; readonly path: string }
  /** From stdin, or from a terminal. */
  | { readonly kind: 'stdin' };

/** Options of sh that take the next word. */
const takesWord = 'o';

/** sh's own command line: `-ec 'cmd' name args`, `-e script args`, `-s args`, nothing. */
export function parseShellLine(words: readonly string[]): ShellLine {
  let isCommand = false;
  let isStdin = false;
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at]!;
    if (word === '--' || word === '-') {
      at++;
      break;
    }
    if (!/^[-+]./.test(word)) break;
    if (word.startsWith('--')) continue;
    if (word.startsWith('-') && word.includes('c')) isCommand = true;
    if (word.startsWith('-') && word.includes('s')) isStdin = true;
    if (word.endsWith(takesWord)) at++;
  }
  const operand = words[at];
  if (isCommand) return { kind: 'command', text: operand ?? '' };
  return isStdin || operand === undefined ? { kind: 'stdin' } : { kind: 'script', path: operand };
}
