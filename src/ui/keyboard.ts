/** Turns what a terminal sends into names of keys: characters as they are, the others by a word (`left`, `ctrl-c`). */
export interface Keyboard {
  /** Keys typed faster than they are read come together; a sequence may come in pieces. */
  read(text: string): readonly string[];
  /** An escape that nothing has followed for a while was the Esc key. */
  rest(): readonly string[];
  /** Whether `rest` has to be called if nothing more comes. */
  isWaiting(): boolean;
}

const escape = '\u001b';
/** Cursor and function keys: `ESC [` or `ESC O`, numbers, and a letter or `~` at the end. */
const sequence = /^\u001b(?:\[\[?|O)([\d;<?]*)([@-~])/;
const beginning = /^\u001b(?:(?:\[\[?|O)[\d;<?]*)?$/;

const byLetter: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  F: 'end',
  H: 'home',
};
const byNumber: Readonly<Record<string, string>> = {
  '1': 'home',
  '4': 'end',
  '5': 'pageup',
  '6': 'pagedown',
  '7': 'home',
  '8': 'end',
};

export function createKeyboard(): Keyboard {
  let pending = '';
  return {
    read: (text) => {
      const names: string[] = [];
      let rest = pending + text;
      pending = '';
      while (rest !== '') {
        if (beginning.test(rest)) {
          pending = rest;
          break;
        }
        const [name, length] = firstKey(rest);
        if (name !== null) names.push(name);
        rest = rest.slice(length);
      }
      return names;
    },
    rest: () => {
      const names = pending === '' ? [] : ['escape', ...Array.from(pending.slice(1))];
      pending = '';
      return names;
    },
    isWaiting: () => pending !== '',
  };
}

/** The first key and how many characters it took; null for one that has no name here. */
function firstKey(text: string): readonly [string | null, number] {
  const found = sequence.exec(text);
  if (found) return [nameOfSequence(found[1] ?? '', found[2] ?? ''), found[0].length];
  if (text.startsWith(escape + escape)) return ['escape', 1];
  // Esc and a character in one go is Alt with that character, which means nothing here.
  if (text.startsWith(escape)) return [null, 1 + lengthOfFirst(text.slice(1))];
  return [nameOfCharacter(text), lengthOfFirst(text)];
}

function nameOfSequence(numbers: string, end: string): string | null {
  if (end === '~') return byNumber[numbers.split(';')[0] ?? ''] ?? null;
  return byLetter[end] ?? null;
}

function lengthOfFirst(text: string): number {
  return String.fromCodePoint(text.codePointAt(0) ?? 0).length;
}

function nameOfCharacter(text: string): string {
  const code = text.codePointAt(0) ?? 0;
  if (code === 13 || code === 10) return 'enter';
  if (code === 127 || code === 8) return 'backspace';
  return code < 32 ? `ctrl-${String.fromCodePoint(code + 96)}` : String.fromCodePoint(code);
}
