import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createKeyboard } from '../../src/ui/keyboard.js';

const all = (...pieces: readonly string[]): readonly string[] => {
  const keyboard = createKeyboard();
  const names = pieces.flatMap((piece) => keyboard.read(piece));
  return keyboard.isWaiting() ? [...names, ...keyboard.rest()] : names;
};

describe('what a terminal sends', () => {
  test.each([
    ['L', ['L']],
    ['12\r', ['1', '2', 'enter']],
    ['\n', ['enter']],
    ['g\u007f\u0003', ['g', 'backspace', 'ctrl-c']],
    ['\u0008', ['backspace']],
    ['\u001a\u000c', ['ctrl-z', 'ctrl-l']],
    ['\u001b[A\u001b[B\u001b[C\u001b[D', ['up', 'down', 'right', 'left']],
    ['\u001bOA\u001bOD', ['up', 'left']],
    ['\u001b[H\u001b[F\u001b[1~\u001b[4~\u001b[7~\u001b[8~', ['home', 'end', 'home', 'end', 'home', 'end']],
    ['\u001b[5~\u001b[6~', ['pageup', 'pagedown']],
    ['\u001b[1;5C', ['right']],
    ['\u001b[2~\u001b[24~\u001b[[A\u001b[200~x', ['up', 'x']],
    ['\u001b', ['escape']],
    ['\u001b\u001b[A', ['escape', 'up']],
    ['\u001bxq', ['q']],
    ['é日🚀', ['é', '日', '🚀']],
  ])('%j', (text, names) => {
    expect(all(text)).toEqual(names);
  });

  test('a sequence that comes in pieces is one key', () => {
    expect(all('\u001b', '[', '5', '~', 'q')).toEqual(['pageup', 'q']);
    expect(all('\u001b', 'OA')).toEqual(['up']);
  });

  test('nothing that can be sent makes it stop, or hold back more than the beginning of a key', () => {
    const pieces = fc.array(
      fc.string({ unit: fc.constantFrom('\u001b', '[', 'O', '1', ';', '~', 'A', 'q', '🚀', '\r') }),
    );
    fc.assert(
      fc.property(pieces, (texts) => {
        const keyboard = createKeyboard();
        for (const text of texts) keyboard.read(text);
        keyboard.rest();
        expect(keyboard.isWaiting()).toBe(false);
        expect(keyboard.read('q')).toEqual(['q']);
      }),
    );
  });
});
