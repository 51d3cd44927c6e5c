export type JsonAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly line: number; readonly column: number; readonly message: string };

/** JSON.parse that says where the text goes wrong: V8's own messages often have no position. */
export function parseJson(text: string): JsonAnswer {
  const start = text.startsWith('\uFEFF') ? 1 : 0;
  try {
    return { ok: true, value: JSON.parse(text.slice(start)) as unknown };
  } catch {
    const { offset, message } = findMistake(text, start);
    const before = text.slice(0, offset).split('\n');
    return { ok: false, line: before.length, column: (before.at(-1) ?? '').length + 1, message };
  }
}

interface Mistake {
  readonly offset: number;
  readonly message: string;
}

const tokenPattern =
  /[ \t\r\n]*(?:([[\]{}:,])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y;

type Expected = 'value' | 'value or ]' | 'name or }' | 'name' | ':' | ', or }' | ', or ]' | 'nothing more';

/** Reads token by token, with the open brackets on a stack. Only called on text that JSON.parse refused. */
function findMistake(text: string, start: number): Mistake {
  const open: ('{' | '[')[] = [];
  let expected: Expected = 'value';
  let at = start;
  for (;;) {
    tokenPattern.lastIndex = at;
    const match = tokenPattern.exec(text);
    const tokenEnd = tokenPattern.lastIndex;
    const token: string | undefined = match ? (match[1] ?? (match[2] ? '"' : 'literal')) : undefined;
    const next: Expected | undefined = token === undefined ? undefined : accept(expected, token, open);
    if (next === undefined) return mistakeAt(text, at, expected);
    expected = next;
    at = tokenEnd;
  }
}

/** What may follow `token`, or undefined when it may not stand here. */
function accept(expected: Expected, token: string, open: ('{' | '[')[]): Expected | undefined {
  if (token === '}' || token === ']') {
    const closes = token === '}' ? ['name or }', ', or }'] : ['value or ]', ', or ]'];
    if (!closes.includes(expected)) return undefined;
    open.pop();
    return afterValue(open);
  }
  if (token === ',') return expected === ', or }' ? 'name' : expected === ', or ]' ? 'value' : undefined;
  if (token === ':') return expected === ':' ? 'value' : undefined;
  if (expected === 'name' || expected === 'name or }') return token === '"' ? ':' : undefined;
  if (expected !== 'value' && expected !== 'value or ]') return undefined;
  if (token !== '{' && token !== '[') return afterValue(open);
  open.push(token);
  return token === '{' ? 'name or }' : 'value or ]';
}

function afterValue(open: readonly string[]): Expected {
  const innermost = open.at(-1);
  if (innermost === undefined) return 'nothing more';
  return innermost === '{' ? ', or }' : ', or ]';
}

function mistakeAt(text: string, at: number, expected: Expected): Mistake {
  const gap = /^[ \t\r\n]*/.exec(text.slice(at))![0];
  const offset = at + gap.length;
  const found = text.slice(offset, offset + 1);
  if (found === '') return { offset, message: `the text ends where ${sayExpected(expected)} should follow` };
  if (found === '"') return { offset, message: sayString(expected) };
  const shown = /[\u0000-\u0020\u007f]/.test(found) ? `character ${found.codePointAt(0) ?? 0}` : `'${found}'`;
  return { offset, message: `${shown} stands where ${sayExpected(expected)} should` };
}

/** A quote that starts no token: either no string may stand here, or it is a string gone wrong. */
function sayString(expected: Expected): string {
  if ([',', ':', 'nothing'].some((start) => expected.startsWith(start))) {
    return `a string stands where ${sayExpected(expected)} should`;
  }
  return 'a string that does not end on its line, or holds an escape that JSON does not have';
}

function sayExpected(expected: Expected): string {
  if (expected === 'name') return 'a name in double quotes';
  if (expected === 'name or }') return 'a name in double quotes or }';
  if (expected === 'value') return 'a value';
  if (expected === 'value or ]') return 'a value or ]';
  return expected;
}
