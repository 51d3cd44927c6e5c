import { describe, expect, it } from 'vitest';
import { isNewEnough, parseNodeJs } from '../../src/cluster/find-node.js';
import { shCommand } from '../../src/cluster/remote-shell.js';

describe('parseNodeJs', () => {
  it('finds the answers between what login scripts wrote', () => {
    const text =
      'Welcome!\nmoskit-node 18.19.1 /usr/bin/node\nmoskit-node  /usr/bin/broken\nhi moskit-node 22.1.0 /home/a b/.nvm/node\n';
    expect(parseNodeJs(text)).toEqual([
      { version: '18.19.1', path: '/usr/bin/node' },
      { version: '22.1.0', path: '/home/a b/.nvm/node' },
    ]);
  });
});

describe('isNewEnough', () => {
  it.each([
    ['20.19.0', true],
    ['20.18.3', false],
    ['18.99.0', false],
    ['22.0.0', true],
    ['100.0.0', true],
  ])('%s: %s', (version, expected) => expect(isNewEnough(version)).toBe(expected));
});

describe('shCommand', () => {
  it('refuses what login shells read differently', () => {
    expect(shCommand('echo "$HOME"')).toBe(`exec sh -c 'echo "$HOME"'`);
    for (const script of ["a'b", 'a\\b', 'a!b', 'a\nb']) expect(() => shCommand(script)).toThrow();
  });
});
