import { appendFileSync, readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { signalJob, treeOf } from '../../src/jobs/process-tree.js';
import { endStdin, readExit, readMessages, stdinPosition } from '../../src/jobs/sandbox.js';
import { unshareWords } from '../../src/jobs/namespaces.js';
import { pollUntil } from '../poll-until.js';
import { exitOfJob, makeFolder, outputOf, start } from './job-fixture.js';

const modes = (await unshareWords()) ? [true, false] : [false];

describe.each(modes)('a job (PID namespace: %s)', (pidNamespace) => {
  it.each([
    ['exit 0', { kind: 'code', code: 0 }],
    ['exit 3', { kind: 'code', code: 3 }],
    ['exit 143', { kind: 'code', code: 143 }],
    ['exit 137', { kind: 'code', code: 137 }],
    ['kill -TERM $$', { kind: 'signal', signal: 'SIGTERM' }],
    ['kill -KILL $$', { kind: 'signal', signal: 'SIGKILL' }],
    ['kill -INT $$', { kind: 'signal', signal: 'SIGINT' }],
    ['kill -PIPE $$', { kind: 'signal', signal: 'SIGPIPE' }],
    ['kill -SEGV $$', { kind: 'signal', signal: 'SIGSEGV' }],
    ['kill -USR1 $$', { kind: 'signal', signal: 'SIGUSR1' }],
  ])('that does `%s` ends as %j', async (script, exit) => {
    for (const extra of [[], ['BASH_FUNC_f%%=() { :; }']]) {
      const env = [`PATH=${process.env['PATH'] ?? ''}`, ...extra]; // the odd name makes bash the recorder
      const job = await start(['sh', '-c', script], { pidNamespace, env });
      expect(await exitOfJob(job)).toEqual(exit);
    }
  });

  it('outlives signals to its whole group and records what became of the command', async () => {
    const job = await start(['sh', '-c', 'kill -USR2 0; trap "exit 7" USR2; kill -USR2 0; sleep 60'], {
      pidNamespace,
    });
    expect(await exitOfJob(job)).toEqual({ kind: 'signal', signal: 'SIGUSR2' });
  });

  it('gives the command default signals: Ctrl-C and friends end it', async () => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGKILL']) {
      const job = await start(['sleep', '60'], { pidNamespace, stdin: 'stream' });
      await signalJob(job.process, signal);
      expect(await exitOfJob(job)).toEqual({ kind: 'signal', signal });
    }
  });

  it('leaves the children alone when SIGUSR1 is for the command', async () => {
    const script =
      'trap "echo saved; exit 85" USR1; echo ready; while :; do sleep 0.1 || echo "child died"; done';
    const job = await start(['sh', '-c', script], { pidNamespace });
    await pollUntil(() => outputOf(job).includes('ready'));
    await signalJob(job.process, 'SIGUSR1');
    expect(await exitOfJob(job)).toEqual({ kind: 'code', code: 85 });
    expect([outputOf(job), outputOf(job, 'stderr')]).toEqual(['ready\nsaved\n', '']);
  });

  it('ends a whole pipeline by SIGKILL and still has its status', async () => {
    const job = await start(['sh', '-c', 'sleep 60 | sleep 60 | sleep 60'], { pidNamespace });
    await pollUntil(async () => (await treeOf(job.process)).length >= 5);
    await signalJob(job.process, 'SIGKILL');
    expect(await exitOfJob(job)).toEqual({ kind: 'signal', signal: 'SIGKILL' });
  });

  it('takes names and arguments as they are', async () => {
    const wicked = ['$(touch pwned)', 'a\'b"c', '', '-n', 'new\nline', '`id`', '*'];
    const job = await start(['printf', '<%s>', ...wicked], { pidNamespace });
    expect(await exitOfJob(job)).toEqual({ kind: 'code', code: 0 });
    expect(outputOf(job)).toBe(wicked.map((word) => `<${word}>`).join(''));
    expect(readdirSync(job.folder.cwd)).toEqual([]);
  });

  it('runs programs only, never a builtin of the recording sh', async () => {
    const folder = makeFolder();
    for (const word of ['exit', 'trap', 'exec']) {
      const job = await start([word, '3'], { pidNamespace, folder });
      expect(await exitOfJob(job)).toEqual({ kind: 'code', code: 127 });
      expect(await readMessages(folder)).toBe(`${word}: no such command\n`);
    }
    const job = await start(['/etc/passwd'], { pidNamespace, folder });
    expect(await exitOfJob(job)).toEqual({ kind: 'code', code: 126 });
  });

  it('starts with nothing but its own 0, 1, 2, in its folder, with its umask and environment', async () => {
    const job = await start(['bash', '-c', 'touch made; env; exec sleep 60'], {
      pidNamespace,
      umask: 0o027,
      env: ['PATH=/usr/bin:/bin', '_mk_dir=mine', 'code=mine', 'a.b=dot', 'X=1\n2'],
    });
    await pollUntil(() => outputOf(job).includes('X=1'));
    const root = job.process.pid;
    const command = await pollUntil(async () =>
      (await treeOf(job.process)).find((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n'),
    );
    const { dir } = job.folder;
    const filesOf = (pid: number): string[] =>
      readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    expect(filesOf(command)).toEqual(['/dev/null', join(dir, 'stdout'), join(dir, 'stderr')]);
    expect(filesOf(root).slice(0, 3)).toEqual(['/dev/null', '/dev/null', join(dir, 'messages')]);
    expect(filesOf(root).filter((file) => /^(socket|pipe):/.test(file))).toEqual([]);
    expect(readlinkSync(`/proc/${command}/cwd`)).toBe(job.folder.cwd);
    expect(statSync(join(job.folder.cwd, 'made')).mode & 0o777).toBe(0o640);
    expect(outputOf(job)).toMatch(/^_mk_dir=/m);
    expect(outputOf(job)).toMatch(/^code=mine\n/m);
    expect(outputOf(job)).toMatch(/^a\.b=dot$/m);
    await signalJob(job.process, 'SIGTERM');
    await exitOfJob(job);
    expect(statSync(join(dir, 'exit')).mode & 0o777).toBe(0o600);
  });

  it('reads what is spooled, waits for more, and sees the end only when it is told', async () => {
    const job = await start(['sh', '-c', 'head -c 3; echo; cat'], { pidNamespace, stdin: 'stream' });
    const spool = join(job.folder.dir, 'stdin.data');
    appendFileSync(spool, 'onetwo');
    await pollUntil(() => outputOf(job) === 'one\ntwo');
    appendFileSync(spool, 'x'.repeat(200_000));
    await pollUntil(() => outputOf(job).length === 7 + 200_000);
    expect(await stdinPosition(job.process, job.folder)).toBe(200_006);
    expect(await readExit(job.folder)).toBeNull();
    appendFileSync(spool, 'last');
    await endStdin(job.process);
    await endStdin(job.process);
    expect(await exitOfJob(job)).toEqual({ kind: 'code', code: 0 });
    expect(outputOf(job).endsWith('xlast')).toBe(true);
    expect(await stdinPosition(job.process, job.folder)).toBeNull();
  });

  it('leaves its input unread without harm, and nobody of its tree stays', async () => {
    const job = await start(['sh', '-c', 'head -c 1 >/dev/null; exit 5'], { pidNamespace, stdin: 'stream' });
    appendFileSync(join(job.folder.dir, 'stdin.data'), 'y'.repeat(1_000_000));
    expect(await exitOfJob(job)).toEqual({ kind: 'code', code: 5 });
    expect(await readMessages(job.folder)).toBe('');
    await pollUntil(async () => (await treeOf(job.process)).length === 0);
  });

  it('does not run when what is to be written down before fails', async () => {
    const folder = makeFolder();
    const failing = start(['touch', 'ran'], {
      pidNamespace,
      folder,
      onIdentified: () => Promise.reject(new Error('disk full')),
    });
    await expect(failing).rejects.toThrow('disk full');
    const job = await start(['true'], { pidNamespace, folder });
    await exitOfJob(job);
    expect(readdirSync(folder.cwd)).toEqual([]);
  });
});
