import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../../src/commands/command-line.js';
import {
  jobRequest,
  type MosrunArguments,
  type Surroundings,
} from '../../../src/commands/mosrun/job-request.js';
import {
  asMosrun,
  withInnerWrappers,
  wrapperLine,
  wrapperNames,
  type WrapperName,
} from '../../../src/commands/mosrun/wrappers.js';
import type { JobSpec } from '../../../src/core/job-spec.js';

const around: Surroundings = {
  cwd: '/home/me',
  env: {},
  umask: 0o022,
  stdin: 'none',
  deputy: null,
  isParentLocked: false,
};

function read(line: string): MosrunArguments {
  const [name, ...argv] = line.split(' ');
  const read = readCommandLine({ name: name!, describe: '', ...wrapperLine(name as WrapperName) }, argv);
  if (read.kind !== 'run') throw new Error(read.kind === 'wrong' ? read.message : read.kind);
  return withInnerWrappers(asMosrun(name as WrapperName, read.given));
}

const request = (line: string): JobSpec => jobRequest(read(line), around);

describe('a wrapper is mosrun with its options', () => {
  it.each<[string, Partial<JobSpec>]>([
    ['cpujob sim -c', { hint: 'cpujob', where: { kind: 'best' }, lock: false, decay: undefined }],
    ['cputjob sim -c', { hint: 'cpujob', where: { kind: 'best' }, lock: false }],
    ['iojob sim -c', { hint: 'iojob', where: { kind: 'best' }, lock: false }],
    ['nomig sim -c', { where: { kind: 'home' }, lock: true }],
    ['runhome sim -c', { where: { kind: 'home' }, lock: true }],
    ['nunhome sim -c', { where: { kind: 'home' }, lock: true }],
    ['runon 3 sim -c', { where: { kind: 'node', node: 3 }, lock: true }],
    ['omrunon 3 sim -c', { where: { kind: 'node', node: 3 }, lock: false }],
    ['fastdecay sim -c', { decay: 'fast', hint: 'none' }],
    ['slowdecay sim -c', { decay: 'slow', hint: 'none' }],
    ['nodecay sim -c', { decay: 'none', hint: 'none' }],
    ['cpujob 3 sim -c', { hint: 'cpujob', where: { kind: 'node', node: 3 } }],
    ['cpujob -L sim -c', { hint: 'cpujob', lock: true }],
  ])('%s', (line, wanted) => {
    expect(request(line)).toMatchObject({ ...wanted, argv: ['sim', '-c'] });
  });

  it('and several of them are one job with the options of all', () => {
    expect(request('cpujob fastdecay runon 3 sim -c')).toMatchObject({
      hint: 'cpujob',
      decay: 'fast',
      lock: true,
      where: { kind: 'node', node: 3 },
      argv: ['sim', '-c'],
    });
  });

  it.each([...wrapperNames])('%s runs a command that is called true', (name) => {
    const node = name.endsWith('runon') ? '3 ' : '';
    expect(request(`${name} ${node}true`).argv).toEqual(['true']);
  });
});

describe('what a wrapper refuses', () => {
  it.each([
    ['runon sim', /too few/],
    ['runon sim x', /'sim' is no node number/],
    ['omrunon 0 sim', /0/],
    ['omrunon 3', /too few/],
    ['cpujob', /too few/],
    ['cpujob -i sim', /-c and -i contradict/],
    ['cpujob iojob sim', /-c and -i contradict/],
    ['fastdecay nodecay sim', /-f and -n contradict/],
    ['nomig 3 sim', /contradict/],
    ['nomig runon 3 sim', /contradict/],
    ['runon 3 omrunon 4 sim', /two nodes/],
    ['cpujob --no-such sim', /no-such/],
  ])('%s', (line, says) => {
    expect(() => request(line)).toThrow(says);
  });
});
