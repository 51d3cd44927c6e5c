import { describe, expect, test } from 'vitest';
import type { CommandSpec } from '../../src/commands/command.js';
import { readCommandLine } from '../../src/commands/command-line.js';
import { helpText, usageLine } from '../../src/commands/usage-text.js';

const spec: CommandSpec = {
  name: 'tool',
  operands: 'A [B]',
  count: [1, 2],
  describe: 'Does it.',
  options: {
    json: { type: 'boolean', describe: 'as JSON' },
    f: { type: 'string', argument: 'FILE', describe: 'the file' },
    timeout: { type: 'number', argument: 'SECONDS' },
    node: { type: 'string', alias: 'p', argument: 'NUMBER' },
    format: { type: 'string', argument: 'FORM', choices: ['classic', 'json'] },
    sort: { type: 'string', argument: 'COLUMN', mayBeginWithDash: true },
  },
};

describe('what is understood', () => {
  test.each<[string[], string[], Record<string, unknown>]>([
    [['a'], ['a'], {}],
    [['a', '--json'], ['a'], { json: true }],
    [['-f', '-', 'a'], ['a'], { f: '-' }],
    [['-f', 'x y', 'a', '-'], ['a', '-'], { f: 'x y' }],
    [['--timeout', '1.5', 'a'], ['a'], { timeout: 1.5 }],
    [['--timeout=2', 'a'], ['a'], { timeout: 2 }],
    [['-p', '7', 'a'], ['a'], { node: '7' }],
    [['--format', 'json', 'a'], ['a'], { format: 'json' }],
    [['--sort', '-cpu', 'a'], ['a'], { sort: '-cpu' }],
    [['--sort', 'cpu', 'a'], ['a'], { sort: 'cpu' }],
    [['--', '--json', '-x'], ['--json', '-x'], {}],
    [['007', '1e3'], ['007', '1e3'], {}],
    [['a', '-1'], ['a', '-1'], {}],
    [['-f', 'one', '-f', 'two', 'a'], ['a'], { f: 'two' }],
    [['-p1,4', 'a'], ['a'], { node: '1,4' }],
    [['-p7', 'a', '-f/x'], ['a'], { node: '7', f: '/x' }],
    [['--format', 'json', '-p1-3', 'a'], ['a'], { node: '1-3', format: 'json' }],
  ])('%j', (argv, operands, options) => {
    const line = readCommandLine(spec, argv);
    expect(line).toEqual({
      kind: 'run',
      debug: false,
      given: { operands, options: expect.objectContaining(options) as unknown },
    });
  });

  test('what follows the first operand is left alone where a command is started', () => {
    const line = readCommandLine({ ...spec, stopsAtOperand: true, count: [0, Infinity] }, [
      '--json',
      'ls',
      '-l',
      '--',
      'x',
    ]);
    expect(line).toMatchObject({ given: { operands: ['ls', '-l', '--', 'x'], options: { json: true } } });
  });

  test('-off is one word where the command says so, and three letters elsewhere', () => {
    const options = { off: { type: 'boolean' } } as const;
    const asWord = readCommandLine({ ...spec, options, count: [0, 0], wordsWithOneDash: true }, ['-off']);
    expect(asWord).toMatchObject({ kind: 'run', given: { options: { off: true } } });
    expect(readCommandLine({ ...spec, options, count: [0, 0] }, ['-off'])).toMatchObject({ kind: 'wrong' });
  });
});

describe('what is refused, and how', () => {
  test.each<[string[], string]>([
    [[], 'too few arguments: A [B] is needed'],
    [['a', 'b', 'c'], "too many arguments: 'c'"],
    [['a', '--nope'], 'unknown option --nope'],
    [['a', '--nope=3'], 'unknown option --nope'],
    [['a', '-z'], 'unknown option -z'],
    [['a', '--no-json'], 'unknown option --no-json'],
    [['a', '--constructor'], 'unknown option --constructor'],
    [['a', '--toString', 'x'], 'unknown option --toString'],
    [['a', '-f'], '-f needs a value'],
    [['a', '--timeout'], '--timeout needs a value'],
    [['a', '--f='], '--f needs FILE'],
    [['a', '--timeout', 'soon'], "--timeout needs a number, not 'soon'"],
    [['a', '--timeout', '-3'], "--timeout needs a number, not '-3'"],
    [['a', '--format', 'xml'], "--format is one of classic, json, not 'xml'"],
  ])('%j: %s', (argv, message) => {
    expect(readCommandLine(spec, argv)).toEqual({ kind: 'wrong', message });
  });
});

test('no option reaches the prototype of anything', () => {
  expect(readCommandLine(spec, ['a', '--__proto__.x', '1'])).toMatchObject({ kind: 'wrong' });
  expect(Reflect.get({}, 'x')).toBeUndefined();
});

test('help and version win over everything that is wrong with the rest', () => {
  expect(readCommandLine(spec, ['--help', '--nope'])).toEqual({ kind: 'help' });
  expect(readCommandLine(spec, ['-h'])).toEqual({ kind: 'help' });
  expect(readCommandLine(spec, ['--version'])).toEqual({ kind: 'version' });
});

test('-h is not help for a command that gives it a meaning of its own', () => {
  const own = { ...spec, options: { h: { type: 'boolean', describe: 'home' } } } as const;
  expect(readCommandLine(own, ['-h', 'a'])).toMatchObject({ kind: 'run', given: { options: { h: true } } });
  expect(helpText(own)).toContain('  --help ');
});

test('the usage line shows every option with its argument', () => {
  expect(usageLine(spec)).toBe(
    'usage: tool [--json] [-f FILE] [--timeout SECONDS] [--node NUMBER] [--format FORM] [--sort COLUMN] A [B]',
  );
});
