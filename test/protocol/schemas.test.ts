import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { ProtocolError } from '../../src/errors.js';
import {
  guestSchemas,
  homeSchemas,
  jobSpecSchema,
  openingSchema,
  parseShape,
  requirementsSchema,
  toolSchemas,
} from '../../src/protocol/schemas.js';
import { aSpec } from '../job-spec-fixture.js';

const spec = aSpec();
const relocation = spec.relocation;
const everything: Readonly<Record<string, z.ZodType>> = {
  ...toolSchemas,
  ...guestSchemas,
  ...homeSchemas,
  opening: openingSchema,
  requirements: requirementsSchema,
};

describe('parameters', () => {
  it('of a real job pass unchanged', () => {
    expect(parseShape(toolSchemas.submit, { spec }, 'submit')).toEqual({ spec });
    for (const where of [
      { kind: 'home' },
      { kind: 'node', node: 3 },
      { kind: 'list', nodes: [1, 65535] },
    ] as const)
      expect(parseShape(jobSpecSchema, { ...spec, where }, 'spec').where).toEqual(where);
  });

  const longSpec = { ...spec, argv: ['x'.repeat(40_000)] };
  it.each<[string, string, unknown]>([
    ['submit', 'spec', {}],
    ['submit', 'spec.argv', { spec: { ...spec, argv: [] } }],
    ['submit', 'spec.argv.0', { spec: longSpec }],
    ['submit', 'spec.env.0', { spec: { ...spec, env: [7] } }],
    ['submit', 'spec.umask', { spec: { ...spec, umask: 0o1000 } }],
    ['submit', 'spec.folder.cwd', { spec: { ...spec, folder: { ...spec.folder, cwd: 'relative' } } }],
    [
      'submit',
      'spec.folder.carryLimitBytes',
      { spec: { ...spec, folder: { ...spec.folder, carryLimitBytes: -1 } } },
    ],
    ['submit', 'spec.where.node', { spec: { ...spec, where: { kind: 'node', node: 0 } } }],
    ['submit', 'spec.where.nodes', { spec: { ...spec, where: { kind: 'list', nodes: [] } } }],
    ['submit', 'spec.where.kind', { spec: { ...spec, where: { kind: 'moon' } } }],
    [
      'submit',
      'spec.relocation.ckptSignal',
      { spec: { ...spec, relocation: { ...relocation, ckptSignal: 'rm -rf' } } },
    ],
    ['submit', 'spec.relocation.ckptExit', { spec: { ...spec, relocation: { ...relocation, ckptExit: 0 } } }],
    ['submit', 'spec.deputy.pid', { spec: { ...spec, deputy: { pid: 0, startTicks: 1 } } }],
    ['submit', 'spec.stdin', { spec: { ...spec, stdin: 'file' } }],
    ['watch', 'intervalMs', { intervalMs: 1 }],
    ['report', 'node', { node: 65536 }],
    ['setAdmin', 'admin.block', { admin: { block: 2 } }],
    ['setAdmin', 'admin.speed', { admin: { speed: 0 } }],
    ['setAdmin', 'admin.jobsroot', { admin: { jobsroot: '' } }],
    ['setDecay', 'decay.policy', { decay: { policy: 'quick', hint: 'none' } }],
    ['setConfig', 'mospe', { config: {}, mospe: -1 }],
    ['migrate', 'target', { target: -7, to: 3 }],
    ['migrate', 'to', { target: '1-7', to: 'away' }],
    ['signal', 'signal', { job: '1-7', signal: 'SIGUSR1; reboot' }],
    ['signal', 'job', { job: '../../etc', signal: 'SIGTERM' }],
    ['guest.start', 'job', { job: '1-7/..' }],
    ['guest.prepare', 'jobsRoot', { ...prepare(), jobsRoot: 'var/tmp' }],
    ['guest.prepare', 'move.driver', { ...prepare(), move: { driver: 'teleport', requirements: null } }],
    ['guest.freeze', 'ticket', { job: '1-7', generation: 2, driver: 'criu', ticket: '../x' }],
    ['guest.thaw', 'generation', { job: '1-7', generation: 1.5 }],
    ['files.list', 'part', { job: '1-7', generation: 1, part: '/etc' }],
    ['files.send', 'skipBefore.stdout', { ...filesSend(), skipBefore: { stdout: -1 } }],
    [
      'files.receive',
      'limitBytes',
      { job: '1-7', generation: 1, part: 'job', ticket: 'a'.repeat(32), limitBytes: -1 },
    ],
    ['home.migrate', 'to', { job: '1-7', to: 0 }],
    ['requirements', 'files.0.path', { ...requirements(), files: [{ path: 'lib', size: 1, id: 'x' }] }],
  ])('%s that are wrong in %s are refused, and the place is named', (method, place, params) => {
    expect(() => parseShape(everything[method]!, params, method)).toThrow(ProtocolError);
    const shown = place.replaceAll('.', '\\.');
    expect(() => parseShape(everything[method]!, params, method)).toThrow(
      new RegExp(`^${method}: ${shown} `),
    );
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['an unknown kind', { open: 'shell' }],
    ['a home without a cluster', { open: 'rpc', as: 'home', home: 1, you: 2 }],
    ['a cluster that is a path', { open: 'rpc', as: 'home', home: 1, you: 2, cluster: '../../../../etc' }],
    [
      'a negative offset',
      { open: 'io', job: '1-7', cluster: null, stdoutOffset: -1, stderrOffset: 0, deputy: null },
    ],
    ['a short ticket', { open: 'bulk', ticket: 'abc' }],
  ])('an opening with %s is refused', (_name, opening) => {
    expect(() => parseShape(openingSchema, opening, 'opening')).toThrow(ProtocolError);
  });

  it('of any shape are taken or refused with a ProtocolError, never anything else', () => {
    const keys = fc.constantFrom(
      'job',
      'spec',
      'to',
      'target',
      'generation',
      'open',
      'admin',
      'files',
      '__proto__',
    );
    const value = fc.oneof(fc.jsonValue(), fc.dictionary(keys, fc.jsonValue()));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(everything)), value, (method, params) => {
        try {
          parseShape(everything[method]!, params, method);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

function prepare(): Record<string, unknown> {
  return {
    job: '1-7',
    generation: 1,
    you: 2,
    spec,
    jobsRoot: '/var/tmp/moskit-0',
    carried: false,
    homecoming: false,
    dirProbe: null,
    cwdProbe: null,
    move: null,
  };
}

function filesSend(): Record<string, unknown> {
  return {
    job: '1-7',
    generation: 1,
    part: 'job',
    known: null,
    only: null,
    ticket: 'a'.repeat(32),
    skipBefore: {},
  };
}

function requirements(): Record<string, unknown> {
  return { driver: 'criu', cpuFlags: [], arch: 'x64', files: [], rssKib: 1, pids: [], criuVersion: null };
}
