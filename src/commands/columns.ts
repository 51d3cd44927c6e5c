/** Text of others in one line: no control or direction character of it reaches the terminal. */
export function oneLine(text: string): string {
  return harmless(text.replace(/[\r\n\t]+/g, ' '));
}

/** The same for text of several lines. */
export function harmless(text: string): string {
  let clean = '';
  for (const character of text) clean += isHarmless(character) ? character : '?';
  return clean;
}

/**
 * First and last code points of control, format and separator characters. Not as `\p{…}` in a regular expression:
 * reading one of those takes Node.js as long as all the rest of a tool.
 */
const steering = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xfeff, 0xfeff],
  [0xfff9, 0xfffb],
  [0xe0000, 0xe0fff],
] as const;

function isHarmless(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  if ((code >= 0x20 && code < 0x7f) || character === '\n' || character === '\t') return true;
  return !steering.some(([first, last]) => code >= first && code <= last);
}

/** Columns of a terminal that the text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += isWide(character.codePointAt(0) ?? 0) ? 2 : 1;
  return width;
}

/** At most so many columns; what was cut is shown by `…`. */
export function cutToWidth(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = '';
  let used = 0;
  for (const character of text) {
    used += widthOf(character);
    if (used > columns - 1) break;
    kept += character;
  }
  return columns < 1 ? '' : `${kept}…`;
}

export function padToWidth(text: string, columns: number, side: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return side === 'right' ? space + text : text + space;
}

/** Columns under their titles, two spaces apart; the last one is as wide as it likes. */
export function tableLines(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const widths = titles.map((title, column) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(row[column] ?? ''))),
  );
  return [titles, ...rows].map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : padToWidth(cell, widths[column]!, 'left')))
      .join('  '),
  );
}

/** First and last code points of the East Asian wide and emoji blocks: two columns each. */
const wideBlocks = [
  [0x1100, 0x115f],
  [0x2e80, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1faff],
  [0x20000, 0x3fffd],
] as const;

function isWide(code: number): boolean {
  return code >= 0x1100 && wideBlocks.some(([first, last]) => code >= first && code <= last);
}
