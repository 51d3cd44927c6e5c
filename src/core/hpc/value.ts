/** What may be written into an entry of the tree; `null` in a map is written as `none`'s word. */
export type ValueKind =
  | { readonly kind: 'flag' }
  | {
      readonly kind: 'whole';
      readonly least: number;
      readonly most: number;
      readonly unit?: string;
      /** Word for "no value", where there is such a thing. */
      readonly none?: string;
    }
  | { readonly kind: 'choice'; readonly words: readonly string[] }
  /** Any text that `pattern` takes; `shown` says which. */
  | { readonly kind: 'text'; readonly shown: string; readonly pattern: RegExp; readonly none?: string }
  /** Several whole numbers on one line. */
  | { readonly kind: 'numbers'; readonly names: readonly string[] };

export type Value = number | string | null;

export type ValueAnswer =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly problem: string };

const longestShown = 40;

/** A value as a person writes it: spaces around it do not count, as with `echo 1 > /proc/hpc/admin/block`. */
export function parseValue(kind: ValueKind, given: string): ValueAnswer {
  const text = given.trim();
  const no = (): ValueAnswer => ({
    ok: false,
    problem: `takes ${describeValues(kind)}, not '${text.slice(0, longestShown)}'`,
  });
  if (text === noneOf(kind)) return { ok: true, value: null };
  switch (kind.kind) {
    case 'flag':
      return /^[01]$/.test(text) ? { ok: true, value: Number(text) } : no();
    case 'whole': {
      const value = Number(text);
      const fits = /^\d{1,10}$/.test(text) && value >= kind.least && value <= kind.most;
      return fits ? { ok: true, value } : no();
    }
    case 'choice':
      return kind.words.includes(text) ? { ok: true, value: text } : no();
    case 'text':
      return kind.pattern.test(text) ? { ok: true, value: text } : no();
    case 'numbers':
      return text.split(/\s+/).length === kind.names.length && /^[\d\s]+$/.test(text)
        ? { ok: true, value: text.replace(/\s+/g, ' ') }
        : no();
  }
}

export function formatValue(kind: ValueKind, value: Value): string {
  if (value !== null) return String(value);
  return noneOf(kind) ?? '-';
}

/** `0 or 1`, `a whole number from 1 to 3600 (s)`: for errors, help and documentation. */
export function describeValues(kind: ValueKind): string {
  const word = noneOf(kind);
  const none = word === undefined ? '' : ` or ${word}`;
  switch (kind.kind) {
    case 'flag':
      return '0 or 1';
    case 'whole':
      return `a whole number from ${kind.least} to ${kind.most}${kind.unit === undefined ? '' : ` (${kind.unit})`}${none}`;
    case 'choice':
      return kind.words.join(', ');
    case 'text':
      return `${kind.shown}${none}`;
    case 'numbers':
      return `${kind.names.length} whole numbers: ${kind.names.join(', ')}`;
  }
}

function noneOf(kind: ValueKind): string | undefined {
  return kind.kind === 'whole' || kind.kind === 'text' ? kind.none : undefined;
}
