/** Text measured in terminal cells. Everything that comes from outside (commands, host names) passes through `clean`. */

const controls = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu;
const onlyAscii = /^[\x20-\x7e]*$/;
const zeroWidth = /^\p{M}$/u;
const doubleWidth =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]$/u;

/** No control character reaches the terminal, so that a command's name can't move the cursor. */
export function clean(text: string, utf8 = true): string {
  if (onlyAscii.test(text)) return text;
  const visible = text.replace(/\s/g, ' ').replace(controls, '?');
  return utf8 ? visible : visible.replace(/[^\x20-\x7e]/gu, '?');
}

export function cellsOf(text: string): number {
  if (onlyAscii.test(text)) return text.length;
  let cells = 0;
  for (const character of text) cells += widthOf(character);
  return cells;
}

function widthOf(character: string): number {
  if (zeroWidth.test(character)) return 0;
  return doubleWidth.test(character) ? 2 : 1;
}

/** At most `width` cells of `text`; `ellipsis` marks that something is missing. */
export function truncate(text: string, width: number, ellipsis: string): string {
  if (cellsOf(text) <= width) return text;
  const room = width - cellsOf(ellipsis);
  if (room < 0) return ''.padEnd(Math.max(0, width));
  let kept = '';
  let cells = 0;
  for (const character of text) {
    const more = widthOf(character);
    if (cells + more > room) break;
    kept += character;
    cells += more;
  }
  return kept + ellipsis;
}

/** Breaks a text at blanks into at most `most` lines; what does not fit into the last one is cut. */
export function wrap(text: string, width: number, most: number, ellipsis: string): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (lines.length < most - 1 && cellsOf(rest) > width) {
    const fitting = truncate(rest, width + 1, '');
    const blank = fitting.lastIndexOf(' ');
    const line = blank > 0 ? rest.slice(0, blank) : truncate(rest, width, '');
    lines.push(line);
    rest = rest.slice(line.length).trimStart();
  }
  return [...lines, truncate(rest, width, ellipsis)];
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - cellsOf(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - cellsOf(text))) + text;
}

/** Centred, a little to the left when it does not come out even. */
export function centre(text: string, width: number): string {
  const left = Math.floor(Math.max(0, width - cellsOf(text)) / 2);
  return padEnd(' '.repeat(left) + text, width);
}
