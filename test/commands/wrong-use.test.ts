import { mkdtempSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RefusedError, UnreachableError, UsageError } from '../../src/errors.js';
import { repository, runTool } from './run-tool.js';
import { startStandIn, type StandIn } from './stand-in-mosd.js';

/** What a mosd says of these nodes: 2 is dead, 9 is in no map. */
const submit = ({
  spec,
}: {
  readonly spec: { readonly where: { readonly kind: string; readonly node?: number } };
}): never => {
  if (spec.where.node === 2) throw new UnreachableError('node 2 does not answer: no route to host');
  if (spec.where.node === 9)
    throw new UsageError('node 9 is not in the map', { hint: 'showmap lists the nodes' });
  throw new RefusedError('no node can take it');
};

let folder: string;
let none: NodeJS.ProcessEnv;
let mosd: StandIn;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'moskit-wrong-'));
  none = { ...process.env, MOSKIT_DIR: folder };
  mosd = await startStandIn({
    submit: submit,
    jobs: () => [],
    status: () => ({ self: 1, atMs: 0, sspeed: 10_000, nodes: [], jobs: [], guests: [] }),
  });
});
afterAll(async () => {
  await mosd.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Case {
  readonly what: string;
  readonly line: string;
  readonly code: number;
  /** Of stderr, which is empty where nothing is said. */
  readonly says: RegExp;
  readonly stdout?: string;
}

describe('without a cluster a wrapper runs the command here, and a list says what is missing', () => {
  test.each<Case>([
    { what: 'a hint', line: 'cpujob echo a', code: 0, says: /^$/, stdout: 'a\n' },
    { what: 'a place', line: 'runhome echo a', code: 0, says: /^$/, stdout: 'a\n' },
    { what: 'a node', line: 'runon 3 echo a', code: 0, says: /^$/, stdout: 'a\n' },
    { what: 'a shell', line: 'omsh -c true', code: 0, says: /^$/ },
    { what: 'the code of its command', line: 'nomig false', code: 1, says: /^$/ },
    {
      what: 'no such command',
      line: 'iojob no-such-command',
      code: 127,
      says: /^iojob: no-such-command: not found\n$/,
    },
    { what: 'a file that is no program', line: 'nodecay /etc/passwd', code: 126, says: /^nodecay: .+\n$/ },
    { what: 'a list of jobs', line: 'mps', code: 1, says: /^mps: This is not openMosix!/ },
    { what: 'a screen', line: 'mtop', code: 1, says: /^mtop: This is not openMosix!/ },
  ])('$what: $line', async ({ line, code, says, stdout }) => {
    const run = await runTool(line.split(' '), { env: none });
    expect(run.code).toBe(code);
    expect(run.stderr).toMatch(says);
    expect(run.stdout).toBe(stdout ?? '');
  });
});

describe('wrong use is one clear message and the right code', () => {
  test.each<Case>([
    { what: 'no command', line: 'cpujob', code: 125, says: /^cpujob: too few arguments/ },
    { what: 'no node', line: 'runon echo a', code: 125, says: /^runon: 'echo' is no node number/ },
    { what: 'node 0', line: 'omrunon 0 echo', code: 125, says: /^omrunon: node 0/ },
    { what: 'a node out of range', line: 'runon 99999999 echo', code: 125, says: /^runon: node 99999999/ },
    {
      what: 'a node that is not in the map',
      line: 'runon 9 echo',
      code: 125,
      says: /^runon: node 9 is not in the map/,
    },
    { what: 'a dead node', line: 'omrunon 2 echo', code: 125, says: /^omrunon: node 2 does not answer/ },
    { what: 'a refusal', line: 'cpujob echo', code: 125, says: /^cpujob: no node can take it/ },
    { what: 'two kinds of job', line: 'cpujob iojob echo', code: 125, says: /-c and -i contradict/ },
    { what: 'two decays', line: 'slowdecay -f echo', code: 125, says: /-f and -s contradict/ },
    { what: 'home and a node', line: 'nomig 3 echo', code: 125, says: /contradict/ },
    { what: 'an option that is none', line: 'cpujob --frob echo', code: 125, says: /unknown option --frob/ },
    { what: 'a PID that is no job', line: 'mps 1', code: 1, says: /^mps: 1 is no job here\n$/ },
    { what: 'a list of nodes', line: 'mps -N 3-1', code: 2, says: /^mps: -N 3-1/ },
  ])('$what: $line', async ({ line, code, says }) => {
    const run = await runTool(line.split(' '), { env: mosd.env });
    expect(run.code).toBe(code);
    expect(run.stderr).toMatch(says);
    expect(run.stderr).not.toMatch(/\n\s+at /);
  });
});

describe('a closed stdin or stdout ends nothing in a stack trace', () => {
  const bin = (name: string): string => join(repository, 'bin', `${name}.js`);
  test.each([
    `${bin('omsh')} -c 'echo a' <&-`,
    `${bin('cpujob')} echo a <&-`,
    `${bin('mps')} <&- | head -1`,
    `${bin('mps')} >&-`,
    `${bin('mtop')} --once | head -1`,
    `${bin('omsh')} -c 'yes' | head -1`,
    `${bin('nomig')} yes | head -1`,
  ])('%s', (line) => {
    const { stderr, signal } = spawnSync('sh', ['-c', line], {
      env: /mps|mtop/.test(line) ? mosd.env : none,
      timeout: 60_000,
      encoding: 'utf8',
    });
    expect(signal).toBeNull();
    expect(stderr).not.toMatch(/\n\s+at |Unhandled|EPIPE/);
  });
});
