import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobSpec } from '../../../src/core/job-spec.js';
import { readCommandLine } from '../../../src/commands/command-line.js';
import { jobRequest, parseSize, type Surroundings } from '../../../src/commands/mosrun/job-request.js';
import { mosrunLine } from '../../../src/commands/mosrun/options.js';

const around: Surroundings = {
  cwd: '/home/me',
  env: { HOME: '/home/me', GONE: undefined, EMPTY: '' },
  umask: 0o027,
  stdin: 'stream',
  deputy: { pid: 7, startTicks: 70 },
  isParentLocked: false,
};

function request(argv: readonly string[], change: Partial<Surroundings> = {}): JobSpec {
  const line = readCommandLine({ name: 'mosrun', describe: '', ...mosrunLine }, argv);
  if (line.kind !== 'run') throw new Error(`not a job: ${JSON.stringify(line)}`);
  return jobRequest(line.given, { ...around, ...change });
}

describe('where it runs', () => {
  it.each<[string[], JobSpec['where'], string[]]>([
    [['ls'], { kind: 'best' }, ['ls']],
    [['--', 'ls'], { kind: 'best' }, ['ls']],
    [['2', 'ls'], { kind: 'node', node: 2 }, ['ls']],
    [['2', '--', 'ls', '--', '-l'], { kind: 'node', node: 2 }, ['ls', '--', '-l']],
    [['2', '7'], { kind: 'node', node: 2 }, ['7']],
    [['-h', 'ls'], { kind: 'home' }, ['ls']],
    [['-j', '1,4-6', 'ls'], { kind: 'list', nodes: [1, 4, 5, 6] }, ['ls']],
    [['-j=1,4-6', '--', 'ls'], { kind: 'list', nodes: [1, 4, 5, 6] }, ['ls']],
    [['-j1,4', 'ls'], { kind: 'list', nodes: [1, 4] }, ['ls']],
    [['-j2', '--', '-j3'], { kind: 'list', nodes: [2] }, ['-j3']],
    [['-Lj1,4-6', 'ls'], { kind: 'list', nodes: [1, 4, 5, 6] }, ['ls']],
    [['make', '-j4', '-Lj2'], { kind: 'best' }, ['make', '-j4', '-Lj2']],
    [['3', 'make', '-j4'], { kind: 'node', node: 3 }, ['make', '-j4']],
    [['-L', 'make', '-j1,4'], { kind: 'best' }, ['make', '-j1,4']],
    [['ls', '2', '-h', '-j'], { kind: 'best' }, ['ls', '2', '-h', '-j']],
  ])('%j', (argv, where, command) => {
    expect(request(argv)).toMatchObject({ where, argv: command });
  });

  it('may stand before the other options, as in openMosix', () => {
    expect(request(['2', '-L', '-i', 'ls', '-l'])).toMatchObject({
      where: { kind: 'node', node: 2 },
      lock: true,
      hint: 'iojob',
      argv: ['ls', '-l'],
    });
    expect(request(['-f', '2', '--carry-limit', '1k', '--', '-strange', '-L'])).toMatchObject({
      where: { kind: 'node', node: 2 },
      lock: false,
      decay: 'fast',
      folder: { carryLimitBytes: 1024 },
      argv: ['-strange', '-L'],
    });
  });

  it.each([
    [['-h', '2', 'ls'], 'contradict'],
    [['2', '-h', 'ls'], 'contradict'],
    [['-h', '-j', '2', 'ls'], 'contradict'],
    [['-j', '2', '3', 'ls'], 'contradict'],
    [['-j', 'two', 'ls'], '-j two: '],
    [['0', 'ls'], 'node 0: '],
    [['99999', 'ls'], 'node 99999: '],
    [['-c', '-i', 'ls'], '-c and -i contradict'],
    [['-f', '-s', '-n', 'ls'], '-f and -s and -n contradict'],
    [[], 'no command is given'],
    [['2'], 'no command is given'],
    [['--'], 'no command is given'],
    [['-h'], 'no command is given'],
  ])('%j is refused', (argv, says) => {
    expect(() => request(argv)).toThrow(says);
  });

  it('leaves every word of the command as it is', () => {
    fc.assert(
      fc.property(fc.constantFrom([], ['-h'], ['3'], ['-j', '1']), fc.array(fc.string()), (place, words) => {
        expect(request([...place, '--', 'command', ...words]).argv).toEqual(['command', ...words]);
        expect(request([...place, 'command', ...words]).argv).toEqual(['command', ...words]);
      }),
    );
  });
});

describe('what it is', () => {
  it('has the surroundings of its deputy', () => {
    expect(request(['ls'])).toMatchObject({
      env: ['HOME=/home/me', 'EMPTY='],
      umask: 0o027,
      deputy: { pid: 7, startTicks: 70 },
      stdin: 'stream',
      folder: { cwd: '/home/me', carryIn: null, carryOut: null, carryLimitBytes: 64 * 1024 * 1024 },
    });
  });

  it.each<[string[], Partial<JobSpec>]>([
    [[], { lock: false, hint: 'none', decay: undefined }],
    [['-l'], { lock: false }],
    [['-L'], { lock: true }],
    [['-k'], { lock: false }],
    [['-c'], { hint: 'cpujob' }],
    [['-i'], { hint: 'iojob' }],
    [['-f'], { decay: 'fast' }],
    [['-s'], { decay: 'slow' }],
    [['-n'], { decay: 'none' }],
    [['-Lcn'], { lock: true, hint: 'cpujob', decay: 'none' }],
  ])('%j', (options, expected) => {
    expect(request([...options, 'ls'])).toMatchObject(expected);
  });

  it('with -k is locked in a job that is', () => {
    expect(request(['-k', 'ls'], { isParentLocked: true }).lock).toBe(true);
    expect(request(['ls'], { isParentLocked: true }).lock).toBe(false);
  });

  it('takes patterns apart at commas', () => {
    const { folder } = request(['--in', 'data/**, *.cfg,,', '--out', ',', 'ls']);
    expect(folder).toMatchObject({ carryIn: ['data/**', '*.cfg'], carryOut: [] });
  });
});

describe('how it moves', () => {
  const nothing = { driver: 'auto', ckptSignal: null, ckptExit: null, restart: null, restartable: false };
  it.each<[string[], object]>([
    [[], {}],
    [['--driver', 'criu'], { driver: 'criu' }],
    [['--driver', 'app'], { driver: 'app', ckptExit: 85 }],
    [['--driver', 'restart'], { driver: 'restart', restartable: true }],
    [['--restartable'], { restartable: true }],
    [['--ckpt-signal', 'usr1'], { ckptSignal: 'SIGUSR1', ckptExit: 85 }],
    [['--ckpt-signal=SIGTERM', '--ckpt-exit', '3'], { ckptSignal: 'SIGTERM', ckptExit: 3 }],
    [['--ckpt-exit', '255'], { ckptExit: 255 }],
    [['--restart', 'go on'], { restart: 'go on', ckptExit: 85 }],
  ])('%j', (options, expected) => {
    expect(request([...options, 'ls']).relocation).toEqual({ ...nothing, ...expected });
  });

  it.each([
    [['--ckpt-signal', 'USR9'], '--ckpt-signal USR9 is no signal'],
    [['--ckpt-signal', 'toString'], 'is no signal'],
    [['--ckpt-signal', 'KILL'], "KILL can't be used: no program can catch SIGKILL"],
    [['--ckpt-signal', 'sigstop'], "sigstop can't be used: no program can catch SIGSTOP"],
    [['--ckpt-exit', '0'], 'no exit code from 1 to 255'],
    [['--ckpt-exit', '256'], 'no exit code from 1 to 255'],
    [['--ckpt-exit', '1.5'], 'no exit code from 1 to 255'],
    [['--carry-limit', 'much'], 'much is no size'],
  ])('%j is refused', (options, says) => {
    expect(() => request([...options, 'ls'])).toThrow(says);
  });
});

describe('a size', () => {
  it.each([
    ['0', 0],
    ['100', 100],
    ['100b', 100],
    ['200k', 204_800],
    ['64M', 67_108_864],
    ['64MB', 67_108_864],
    ['64 MiB', 67_108_864],
    [' 1.5g ', 1_610_612_736],
    ['2T', 2_199_023_255_552],
  ])('%j is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', 'M', '-1', '1e3', '0x10', '1.M', '.5M', '1,5M', '1P', '64M/s', '1 2'])(
    '%j is refused',
    (text) => {
      expect(() => parseSize(text)).toThrow('is no size');
    },
  );
});

describe('what happens when its node is lost', () => {
  const hold = { checkpointMs: null, keeper: null, onNodeLoss: 'hold', leaseMs: 60_000 };
  it.each([
    ['--checkpoint 10m', { ...hold, checkpointMs: 600_000 }],
    ['--checkpoint 90', { ...hold, checkpointMs: 90_000 }],
    ['--checkpoint off', hold],
    ['--checkpoint 1h --keeper 4', { ...hold, checkpointMs: 3_600_000, keeper: 4 }],
    ['--checkpoint 1h --keeper home', { ...hold, checkpointMs: 3_600_000 }],
    ['--on-node-loss hold', hold],
    ['--on-node-loss restart', { ...hold, onNodeLoss: 'restart' }],
    ['--on-node-loss recover', { ...hold, onNodeLoss: 'recover', checkpointMs: 600_000 }],
    ['--on-node-loss recover --checkpoint off', { ...hold, onNodeLoss: 'recover' }],
    ['--on-node-loss restart --lease 2m', { ...hold, onNodeLoss: 'restart', leaseMs: 120_000 }],
  ])('%s', (options, protection) => {
    expect(request([...options.split(' '), 'ls']).protection).toEqual(protection);
  });

  it('is left to the node where nothing is said', () => {
    expect(Object.hasOwn(request(['ls']), 'protection')).toBe(false);
  });

  it.each([
    ['--checkpoint soon', 'is no time'],
    ['--checkpoint -5s', 'is no time'],
    ['--checkpoint 0.5s', 'too short'],
    ['--lease 1m', 'other jobs need none'],
    ['--lease 1m --checkpoint 1m', 'other jobs need none'],
    ['--on-node-loss restart --lease 1s', 'too short'],
    ['--keeper 3', '--keeper needs --checkpoint'],
    ['--keeper 3 --checkpoint off', '--keeper needs --checkpoint'],
    ['--checkpoint 1m --keeper me', '--keeper'],
    ['--checkpoint 1m --keeper 1-3', 'not one node'],
    ['--on-node-loss give-up', 'on-node-loss'],
  ])('%s is refused', (options, reason) => {
    expect(() => request([...options.split(' '), 'ls'])).toThrow(reason);
  });
});
