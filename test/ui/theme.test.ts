import { describe, expect, test } from 'vitest';
import { createTheme, isUtf8 } from '../../src/ui/theme.js';

describe('the look', () => {
  test.each([
    [{ LANG: 'C.UTF-8' }, true],
    [{ LANG: 'de_DE.utf8' }, true],
    [{ LANG: 'C' }, false],
    [{}, false],
    [{ LANG: 'C.UTF-8', LC_ALL: 'C' }, false],
    [{ LANG: 'C', LC_ALL: '', LC_CTYPE: 'en_GB.UTF-8' }, true],
  ])('%j: UTF-8 %s', (env, utf8) => {
    expect(isUtf8(env)).toBe(utf8);
  });

  test('NO_COLOR leaves attributes and takes every colour', () => {
    const { sgr } = createTheme({ NO_COLOR: '1', TERM: 'xterm-256color', COLORTERM: 'truecolor' });
    for (const parameters of Object.values(sgr)) expect(parameters).toMatch(/^$|^[127](;[127])*$/);
    expect(sgr.selected).toBe('7');
    expect(createTheme({ NO_COLOR: '', TERM: 'xterm-256color' }).sgr.bar).not.toBe('');
  });

  test('no colour is red or green, neither of sixteen nor of 256', () => {
    for (const env of [{ TERM: 'linux' }, { TERM: 'xterm-256color' }]) {
      for (const parameters of Object.values(createTheme(env).sgr)) {
        expect(parameters).not.toMatch(/(^|;)(31|32|91|92|38;5;(1|2|9|10|196|46))(;|$)/);
      }
    }
  });

  test('without UTF-8 every sign is ASCII', () => {
    const { glyphs } = createTheme({ LANG: 'C' });
    for (const sign of Object.values(glyphs).flat()) expect(sign).toMatch(/^[\x20-\x7e]+$/);
  });
});
