import { expect, it } from 'vitest';
import { parseShellLine, type ShellLine } from '../../../src/commands/omsh/shell-line.js';

it.each<[string[], ShellLine]>([
  [['-c', 'cc x.c'], { kind: 'command', text: 'cc x.c' }],
  [['-ec', 'cc x.c'], { kind: 'command', text: 'cc x.c' }],
  [['-e', '-c', 'cc x.c'], { kind: 'command', text: 'cc x.c' }],
  [['-c', '-e', 'cc x.c', 'name', 'arg'], { kind: 'command', text: 'cc x.c' }],
  [['-o', 'errexit', '-c', 'cc x.c'], { kind: 'command', text: 'cc x.c' }],
  [['-euo', 'pipefail', '-c', 'cc x.c'], { kind: 'command', text: 'cc x.c' }],
  [['+x', '-c', '--', '-strange'], { kind: 'command', text: '-strange' }],
  [['-c'], { kind: 'command', text: '' }],
  [['build.sh', '-c', 'x'], { kind: 'script', path: 'build.sh' }],
  [['-e', './build.sh'], { kind: 'script', path: './build.sh' }],
  [['--', '-x'], { kind: 'script', path: '-x' }],
  [[], { kind: 'stdin' }],
  [['-s', 'arg'], { kind: 'stdin' }],
  [['-e'], { kind: 'stdin' }],
])('sh %j', (words, line) => {
  expect(parseShellLine(words)).toEqual(line);
});
