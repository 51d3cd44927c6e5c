import xterm from '@xterm/headless';
import { describe, expect, test } from 'vitest';
import { createScreen } from '../../src/ui/screen.js';
import { screenText } from './monitor-harness.js';

function open(cols = 20, rows = 6) {
  const terminal = new xterm.Terminal({ cols, rows, allowProposedApi: true });
  const written: string[] = [];
  const screen = createScreen({
    write: (text) => {
      written.push(text);
      terminal.write(text);
    },
  });
  const flushed = (): Promise<void> => new Promise((resolve) => terminal.write('', resolve));
  const text = async (): Promise<string> => {
    await flushed();
    return screenText(terminal);
  };
  return { terminal, screen, written, flushed, text };
}

describe('the alternate screen', () => {
  test('is taken and given back, and what stood before is there again', async () => {
    const { terminal, screen, text } = open();
    terminal.write('$ mosmon\r\n');
    screen.enter();
    screen.paint('one\ntwo');
    expect(await text()).toBe('one\ntwo');
    expect(terminal.buffer.active.type).toBe('alternate');
    screen.leave();
    screen.leave();
    expect(await text()).toBe('$ mosmon');
    expect(terminal.modes.wraparoundMode).toBe(true);
  });
  test('only rows that changed are written', async () => {
    const { screen, written, text } = open();
    screen.enter();
    screen.paint('one\ntwo\nthree');
    written.length = 0;
    screen.paint('one\n2\nthree');
    expect(written.join('')).not.toMatch(/one|three/);
    // Erased before, not after: some terminals would take the last cell of a full row with it.
    expect(written.join('')).toMatch(/\u001b\[K2/);
    expect(await text()).toBe('one\n2\nthree');
    written.length = 0;
    screen.paint('one\n2\nthree');
    expect(written).toEqual([]);
  });
  test('a shorter frame leaves nothing of the longer one', async () => {
    const { screen, text } = open();
    screen.enter();
    screen.paint('one\ntwo\nthree');
    screen.paint('only');
    expect(await text()).toBe('only');
  });
  test('a row as wide as the terminal keeps its last cell, and the row below stays', async () => {
    const { screen, text } = open(5);
    screen.enter();
    screen.paint('abcde\nfghij');
    screen.paint('ABCDE\nfghij');
    expect(await text()).toBe('ABCDE\nfghij');
  });
  test('what is painted before or after is kept for the next time', async () => {
    const { screen, text, terminal } = open();
    screen.paint('early');
    expect(await text()).toBe('');
    screen.enter();
    expect(await text()).toBe('early');
    screen.leave();
    screen.paint('late');
    expect(await text()).toBe('');
    expect(terminal.buffer.active.type).toBe('normal');
    screen.enter();
    expect(await text()).toBe('late');
  });
  test('repainting puts all right after another program wrote on it', async () => {
    const { screen, text, terminal } = open();
    screen.enter();
    screen.paint('one\ntwo');
    terminal.write('\u001b[1;1Hgarbage\u001b[5;1Hmore');
    screen.repaint();
    expect(await text()).toBe('one\ntwo');
  });
});
