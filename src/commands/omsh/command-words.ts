/** Words after which a command begins. */
const opens: ReadonlySet<string> = new Set([
  'if',
  'then',
  'else',
  'elif',
  'while',
  'until',
  'do',
  '{',
  '!',
  'time',
  'exec',
  'command',
  'env',
  'nice',
  'nohup',
]);
/** Words after which none does: what follows up to the next separator is no command. */
const closes: ReadonlySet<string> = new Set(['for', 'case', 'fi', 'done', 'esac', '}', 'in']);

export interface CommandWords {
  /** Names of the commands, without their folders. */
  readonly commands: readonly string[];
  /** All other words. */
  readonly others: readonly string[];
}

/**
 * Which programs a shell command names, and with which words: read roughly, as a hint for where to run it. Null where
 * a name is only known when it runs (`$CC`, `eval`), or the text is none that we can read.
 */
export function commandWords(text: string): CommandWords | null {
  const tokens = tokensOf(text);
  if (tokens === null) return null;
  const commands: string[] = [];
  const others: string[] = [];
  let isStart = true;
  let isTarget = false;
  for (const token of tokens) {
    if (token.kind === 'separator') isStart = true;
    else if (token.kind === 'redirection') isTarget = true;
    else if (isTarget) {
      isTarget = false;
      others.push(token.text);
    } else if (!isStart || /^[A-Za-z_]\w*=/.test(token.text)) others.push(token.text);
    else if (closes.has(token.text)) isStart = false;
    else if (!opens.has(token.text)) {
      if (/[$*?]/.test(token.text) || token.text === 'eval' || token.text === '.') return null;
      isStart = false;
      commands.push(token.text.slice(token.text.lastIndexOf('/') + 1));
    }
  }
  return { commands, others };
}

interface Token {
  readonly kind: 'word' | 'separator' | 'redirection';
  readonly text: string;
}

function tokensOf(text: string): readonly Token[] | null {
  if (/`|\$\(/.test(text.replace(/\\[^]/g, ''))) return null;
  const tokens: Token[] = [];
  const pattern =
    /\\\n|[ \t]+|#[^\n]*|(\d*(?:>>|>&|>\||<&|<>|<<|>|<))|(&&|\|\||;;|[;&|()\n])|((?:\\[^]|'[^']*'|"(?:\\[^]|[^"\\])*"|[^\s;&|()<>'"\\])+)/y;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (!match) return null;
    const [, redirection, separator, word] = match;
    if (redirection === '<<') return null;
    if (redirection !== undefined) tokens.push({ kind: 'redirection', text: redirection });
    else if (separator !== undefined) tokens.push({ kind: 'separator', text: separator });
    else if (word !== undefined) {
      tokens.push({ kind: 'word', text: unquoted(word) });
    }
  }
  return tokens;
}

function unquoted(word: string): string {
  return word.replace(/\\([^])|'([^']*)'|"((?:\\[^]|[^"\\])*)"/g, (_all, escaped, single, double) =>
    String(escaped ?? single ?? String(double).replace(/\\([$`"\\])/g, '$1')),
  );
}
