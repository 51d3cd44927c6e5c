import type { CommandSpec, OptionSpecs } from '../command.js';

/** openMosix's letters first, then moskit's own. */
export const mosrunOptions = {
  h: { type: 'boolean', describe: 'run on the home node (this one)' },
  j: { type: 'string', argument: 'LIST', describe: 'run on the best node of the list, for example 1,4-6' },
  l: { type: 'boolean', describe: 'the balancing may move it later (default)' },
  L: { type: 'boolean', describe: 'it stays where it starts' },
  k: { type: 'boolean', describe: 'as the job that starts it (in a job: stays if that one is locked)' },
  c: { type: 'boolean', describe: 'it is bound by the processor' },
  i: { type: 'boolean', describe: 'it is bound by input and output: rather near its files, at home' },
  f: { type: 'boolean', describe: 'fast decay of its statistics' },
  s: { type: 'boolean', describe: 'slow decay of its statistics' },
  n: { type: 'boolean', describe: 'no decay of its statistics' },
  detach: { type: 'boolean', describe: 'print the job id and return; the output is kept for --attach' },
  attach: {
    type: 'string',
    argument: 'JOB',
    describe: 'come back to a job: its output from where the last reader left, its exit code',
  },
  in: {
    type: 'string',
    argument: 'PATTERNS',
    describe: 'what of the working folder travels, for example "data/**,*.cfg" (default: everything)',
  },
  out: {
    type: 'string',
    argument: 'PATTERNS',
    describe: 'what comes home at the end (default: whatever changed)',
  },
  'carry-limit': { type: 'string', argument: 'SIZE', describe: 'most that is carried (default 64M)' },
  driver: {
    type: 'string',
    choices: ['auto', 'criu', 'app', 'restart'],
    argument: 'NAME',
    describe: 'how it is moved (default auto: the first that can)',
  },
  'ckpt-signal': {
    type: 'string',
    argument: 'SIGNAL',
    describe: 'signal on which the program saves itself and leaves',
  },
  'ckpt-exit': {
    type: 'number',
    argument: 'CODE',
    describe: 'exit code that means "saved, start me again" (default 85 with --ckpt-signal or --restart)',
  },
  restart: {
    type: 'string',
    argument: 'COMMAND',
    describe: 'shell command that goes on from the saved state (default: the command itself)',
  },
  restartable: {
    type: 'boolean',
    describe: 'it may be started again from the beginning, and then prints the same',
  },
  checkpoint: {
    type: 'string',
    argument: 'TIME',
    describe: 'make an image this often, for example 10m, to go on from when its node dies; off = never',
  },
  keeper: { type: 'string', argument: 'NODE', describe: 'the node that keeps its images (default: home)' },
  'on-node-loss': {
    type: 'string',
    choices: ['hold', 'restart', 'recover'],
    argument: 'RULE',
    describe:
      'when its node is lost: wait for a person (hold, default), begin anew, or go on from the last image (recover)',
  },
  lease: {
    type: 'string',
    argument: 'TIME',
    describe:
      'with restart and recover: it stands still when its home has been silent for so long (default 60s)',
  },
  recover: {
    type: 'string',
    argument: 'JOB',
    describe: 'start a job whose node is lost from its last image (on NODE, if one is given)',
  },
  image: { type: 'string', argument: 'N', describe: 'with --recover: from this image instead of the last' },
  'give-up': {
    type: 'string',
    argument: 'JOB',
    describe: 'no longer wait for the node of a job that is lost',
  },
  force: {
    type: 'boolean',
    describe: 'with --recover: the node that does not answer is off for certain, and not merely cut off',
  },
  verbose: { type: 'boolean', describe: 'say where it runs and when it moves, on stderr' },
} as const satisfies OptionSpecs;

/** How its command line is read. A node's number may stand before the other options, as in openMosix. */
export const mosrunLine = {
  operands: '[NODE] [--] COMMAND [ARGUMENT …]',
  count: [0, Infinity],
  options: mosrunOptions,
  stopsAtOperand: true,
  readsOnAfter: /^\d+$/,
} as const satisfies Omit<CommandSpec, 'name' | 'describe'>;
