import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cpus, totalmem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startShSampler, type ShSampler } from '../../src/cluster/sh-sampler.js';
import { hasEnded, shellConnection, type ShellConnection, type ShellOptions } from './shell-connection.js';

const deadlineMs = 20_000;
let dir = '';
let connections: ShellConnection[] = [];
let others: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'moskit-sampler-'));
});

afterEach(() => {
  for (const connection of connections) {
    connection.close();
    for (const child of connection.children) child.kill('SIGKILL');
  }
  for (const child of others) child.kill('SIGKILL');
  connections = [];
  others = [];
  rmSync(dir, { recursive: true, force: true });
});

function connect(options: ShellOptions = {}): ShellConnection {
  const connection = shellConnection(options);
  connections.push(connection);
  return connection;
}

function start(connection: ShellConnection, ms = deadlineMs): Promise<ShSampler> {
  return startShSampler(connection, { name: 'node 7', deadlineMs: ms });
}

/** A folder with a `sh` and an `awk` that are something else. */
function toolFolder(tools: Readonly<Record<string, string | null>>): string {
  for (const [name, target] of Object.entries(tools)) if (target) symlinkSync(target, join(dir, name));
  return dir;
}

function startLoop(): void {
  others.push(spawn('sh', ['-c', 'while :; do :; done']));
}

function which(name: string): string | null {
  const found = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
  return found === '' ? null : found;
}

const shells: readonly (readonly [string, ShellOptions])[] = [
  ['the sh of this machine', {}],
  ['dash', { shell: '/bin/dash' }],
  ['bash as login shell', { shell: '/bin/bash' }],
];
const toolBoxes: readonly (readonly [string, Readonly<Record<string, string | null>>])[] = [
  ['bash', { sh: which('bash') }],
  ['busybox with its own awk', { sh: which('busybox'), awk: which('busybox') }],
  ['gawk', { awk: which('gawk') }],
];

describe('a resident sh', () => {
  for (const [name, options] of shells) {
    test.runIf(!options.shell || existsSync(options.shell))(
      `answers with a report, from ${name}`,
      async () => {
        const sampler = await start(connect(options));
        await sampler.sample(deadlineMs);
        const report = await sampler.sample(deadlineMs);
        expect(report.tmem).toBeLessThanOrEqual(Math.ceil(totalmem() / 1024));
        expect(report.mem).toBeGreaterThan(0);
        expect(report.mem).toBeLessThanOrEqual(report.tmem);
        expect(report.cpus).toBeGreaterThan(0);
        expect(report.cpus).toBeLessThanOrEqual(cpus().length);
        expect(report.speed).toBeGreaterThan(0);
        expect(report.drivers).toEqual([]);
      },
    );
  }

  for (const [name, tools] of toolBoxes) {
    test.runIf(!Object.values(tools).includes(null))(`runs in ${name}`, async () => {
      const sampler = await start(connect({ path: toolFolder(tools) }));
      expect((await sampler.sample(deadlineMs)).tmem).toBeGreaterThan(0);
    });
  }

  test('lives on: one process answers all questions', async () => {
    const connection = connect();
    const sampler = await start(connection);
    for (let round = 0; round < 20; round++) await sampler.sample(deadlineMs);
    expect(connection.children).toHaveLength(1);
  });

  test('shows a processor that is busy', async () => {
    const sampler = await start(connect());
    cpus().forEach(startLoop);
    await sampler.sample(deadlineMs);
    for (let util = 0; util < 50;) util = (await sampler.sample(deadlineMs)).util;
  });

  test('ends when the connection does', async () => {
    const connection = connect();
    await start(connection);
    connection.close();
    await hasEnded(connection.children[0]!);
  });

  test('is not confused by what login scripts say', async () => {
    const noise = ['moskit-sampler 1 is welcome', '@stat', 'cpu', '@end 0', 'and moskit-sampler 1'];
    const login = `${noise.map((line) => `echo "${line}"`).join('; ')}; printf "no end of line"; echo oops >&2`;
    const sampler = await start(connect({ login }));
    expect((await sampler.sample(deadlineMs)).tmem).toBeGreaterThan(0);
  });

  test('does not run where login scripts talk without end', async () => {
    const starting = start(connect({ login: 'while :; do echo still talking about the weather; done' }));
    await expect(starting).rejects.toThrow('node 7 says too much');
  });

  test('says why when it can not run', async () => {
    const starting = start(connect({ login: 'echo "this account is closed" >&2; exit 1' }));
    await expect(starting).rejects.toThrow(/the sampler on node 7 ended: this account is closed/);
  });

  test('says so when the node has no awk', async () => {
    writeFileSync(join(dir, 'awk'), '#!/bin/sh\nexit 127\n');
    chmodSync(join(dir, 'awk'), 0o755);
    await expect(start(connect({ path: dir }))).rejects.toThrow(/node 7 can't be sampled/);
  });

  test('that does not start in time is given up', async () => {
    const starting = start(connect({ login: 'exec sleep 60' }), 300);
    await expect(starting).rejects.toThrow('node 7 did not answer within 0.3 s');
  });

  test('that stops answering is given up, and not asked again', async () => {
    const connection = connect();
    const sampler = await start(connection);
    await sampler.sample(deadlineMs);
    connection.children[0]!.kill('SIGSTOP');
    await expect(sampler.sample(300)).rejects.toThrow('node 7 did not answer within 0.3 s');
    connection.children[0]!.kill('SIGCONT');
    await expect(sampler.sample(deadlineMs)).rejects.toThrow('did not answer within 0.3 s');
  });

  test.runIf(process.getuid?.() === 0 && which('unshare'))(
    'counts only what it can see in a PID namespace of its own, threads included',
    async () => {
      const wrapper = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
      const threads = `const {Worker}=require("worker_threads");for(let i=0;i<2;i++)new Worker("for(;;);",{eval:true})`;
      const login = `(while :; do :; done) & node -e '${threads}' &`;
      [1, 2, 3, 4].forEach(startLoop);
      const sampler = await start(connect({ wrapper, login }));
      // Three processes that want a processor here, and at least seven on the whole machine.
      const unit = 100 / (await sampler.sample(deadlineMs)).cpus;
      const loads: number[] = [];
      do {
        const { ownload, speed } = await sampler.sample(deadlineMs);
        loads.push((ownload * speed) / 10_000 / unit);
      } while (loads.length < 10 || loads.slice(-10).some((load) => load < 2.3 || load > 3.7));
    },
  );
});
