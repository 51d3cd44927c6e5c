import { aSpec } from '../job-spec-fixture.js';
import { packManifest } from '../../src/jobs/staging/manifest.js';
import { aManifest, aRequirement } from './samples.js';

type Sample = readonly [name: string, value: unknown];

const ticket = '0123456789abcdef0123456789abcdef';
const deputy = { pid: 4711, startTicks: 99 };
const spec = {
  ...aSpec({ where: { kind: 'list', nodes: [1, 2] }, deputy }),
  relocation: { driver: 'app', ckptSignal: 'SIGUSR1', ckptExit: 85, restart: './go-on', restartable: true },
};
const probe = {
  format: 1,
  dir: '/srv/jobs',
  file: { name: '.moskit-probe-0123456789abcdef0123456789abcdef', secret: 'ab'.repeat(32) },
  identity: { dev: '1', ino: '2', mtimeNs: '3', ctimeNs: '4', bootId: 'b', network: false },
};
const job = '1-17';
const move = { job, generation: 3 };
const files = { ...move, part: 'cwd' };
const report = {
  ...{
    load: 120,
    ownload: 100,
    speed: 10_000,
    cpus: 2,
    util: 55,
    mem: 1000,
    rmem: 500,
    tmem: 2000,
    guests: 1,
  },
  ...{
    freeslots: null,
    block: false,
    stay: false,
    lstay: true,
    quiet: false,
    drivers: ['criu'],
    version: '0.1.0',
  },
};
const manifest = packManifest(aManifest);

export const openingSamples: readonly object[] = [
  { open: 'rpc', as: 'tool' },
  { open: 'rpc', as: 'home', home: 1, you: 2, cluster: '0123456789abcdef' },
  { open: 'io', job, cluster: '0123456789abcdef', stdoutOffset: 5, stderrOffset: null, deputy },
  { open: 'bulk', ticket },
];

/** One of each request that a tool, a home or a node may send. */
export const requestSamples: readonly Sample[] = [
  ['submit', { spec }],
  ['migrate', { target: job, to: 'balance' }],
  ['migrate', { target: 4711, to: 3 }],
  ['signal', { job, signal: 'SIGTERM' }],
  ['setAdmin', { admin: { block: 1, speed: null, maxguests: 4, jobsroot: '/srv/jobs', decayinterval: 60 } }],
  ['setConfig', { config: { entries: [{ node: 1, address: '10.0.0.1', count: 4 }] }, mospe: 1 }],
  ['setDecay', { decay: { policy: 'slow', hint: 'iojob' } }],
  ['watch', { intervalMs: 1000 }],
  ['report', { node: 2 }],
  ['jobs', { all: true }],
  ['why', { job }],
  ['bring', { timeoutMs: 1000 }],
  ['home.migrate', { job, to: 'home' }],
  ['folder.check', { probe }],
  [
    'guest.prepare',
    {
      ...{ ...move, you: 2, spec, jobsRoot: '/var/tmp/moskit-0', carried: true, homecoming: false },
      ...{ dirProbe: probe, cwdProbe: null, move: { driver: 'criu', requirements: aRequirement } },
    },
  ],
  ['guest.freeze', { ...move, driver: 'criu', ticket }],
  ['guest.restore', { ...move, driver: 'criu' }],
  ['guest.discard', { ...move, keepDir: false }],
  ['guest.forget', { job, keepDir: true }],
  ['files.list', files],
  ['files.send', { ...files, known: manifest, only: ['stdout'], ticket, skipBefore: { stdout: 17 } }],
  ['files.receive', { ...files, ticket, limitBytes: 1_000_000 }],
  ['pages.open', { ...move, driver: 'criu', ticket }],
  ['guest.checkpoint', { ...move, sequence: 3, driver: 'app', skipBefore: { stdout: 17 } }],
  ['guest.checkpointed', { job, sequence: 3 }],
  ['guest.cutBack', { ...move, files: [{ path: '/srv/data/log', size: 12 }] }],
  ['guest.lease', { echoMs: 4_711_000, guests: [move] }],
  ['kept.put', { job, sequence: 3, part: 'image', ticket, limitBytes: 1_000_000 }],
  ['kept.get', { job, sequence: 3, part: 'job', ticket }],
  ['kept.only', { job, sequences: [2, 3] }],
];

export const answerSamples: readonly Sample[] = [
  ['node.report', report],
  ['guest.list', [{ ...move, phase: 'running' }]],
  ['folder.probe', { probe }],
  ['guest.prepare', { refused: null, dirShared: false }],
  ['guest.probe', { drivers: [{ driver: 'criu', reasons: ['x'], requirements: aRequirement, rssKib: 5 }] }],
  ['guest.freeze', { kind: 'ended', exit: { kind: 'signal', signal: 'SIGKILL' } }],
  ['guest.freeze', { kind: 'frozen', bytes: 5 }],
  ['files.send', { manifest, bytes: 17 }],
  ['guest.checkpoint', { kind: 'imaged', frozenMs: 12.5, output: { stdout: 5, stderr: 0 }, inPlace: [] }],
  ['kept.put', { bytes: 17 }],
  ['kept.list', [job]],
  ['usage', [{ job, pid: 5, cpu: 0.5, rssKib: 7, stopped: false }]],
  ['requirements', aRequirement],
];
