type Key = string | number;

export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** `config.entries[2].address`, `jobs["1-17"].lock`. */
export function formatPlace(path: readonly Key[]): string {
  return path
    .map((key, index) => {
      if (typeof key === 'number') return `[${key}]`;
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) return `[${JSON.stringify(key)}]`;
      return index === 0 ? key : `.${key}`;
    })
    .join('');
}

interface Open {
  readonly kind: '{' | '[';
  /** Name or index of the value that is read. */
  key: Key;
}

const token = /[{}[\],:]|"(?:[^"\\]|\\.)*"|[^\s{}[\],:"]+/g;

/**
 * Where in a JSON text the value stands that `formatPlace` names: what is missing is looked for where it should be, in
 * the thing around it. The text must be JSON.
 */
export function positionOf(text: string, place: string): TextPosition {
  let best = { length: 0, offset: text.search(/\S|$/) };
  const open: Open[] = [];
  let isName = false;
  for (const match of text.matchAll(token)) {
    const [word] = match;
    const inner = open.at(-1);
    if (word === '}' || word === ']') {
      open.pop();
      isName = false;
    } else if (word === ',') {
      if (inner?.kind === '[') inner.key = Number(inner.key) + 1;
      isName = inner?.kind === '{';
    } else if (word === ':') {
      isName = false;
    } else if (isName && inner) {
      inner.key = JSON.parse(word) as string;
    } else {
      const here = formatPlace(open.map(({ key }) => key));
      if (isAround(here, place) && here.length > best.length)
        best = { length: here.length, offset: match.index };
      if (word === '{' || word === '[') open.push({ kind: word, key: word === '[' ? 0 : '' });
      isName = word === '{';
    }
  }
  const before = text.slice(0, best.offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/** Is `place` the value at `here`, or within it? */
function isAround(here: string, place: string): boolean {
  return place === here || (place.startsWith(here) && /^[.[]/.test(place.slice(here.length)));
}
