import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inputLine, mosrunOptions, pauseS, ticksToRun, type JobPlan } from './job-program.js';
import type { JobResult } from './judge.js';
import type { SoakNodes } from './soak-nodes.js';

/** A job that has not ended by then is lost. */
const longestMs = 8 * 60_000;
const signalAgainMs = 15_000;

/** One job from its home, through mosrun as a user would start it. */
export async function runJob(nodes: SoakNodes, home: number, plan: JobPlan): Promise<JobResult> {
  const cwd = join(nodes.folder, `${home}-${plan.name}`);
  const witness = join(nodes.folder, 'witness', `${home}-${plan.name}`);
  await mkdir(cwd);
  const { name, kind, ticks, lines, code } = plan;
  const program = join(nodes.folder, 'job.sh');
  const command = ['sh', program, name, kind, ticksToRun(plan), lines, code, witness].map(String);
  const start = (words: readonly string[]): ChildProcess => {
    const [file = '', ...args] = [...nodes.tool('mosrun'), ...words];
    return spawn(file, args, { cwd, env: nodes.cluster.node(home).env, stdio: 'pipe' });
  };
  const run = async (): Promise<Omit<JobResult, 'witness'>> => {
    if (!plan.detached) return endOf(start([...mosrunOptions(plan), '--', ...command]), plan);
    const started = await endOf(start(['--detach', ...mosrunOptions(plan), '--', ...command]), plan);
    if (started.code !== 0) return started;
    await delay((ticks * pauseS * 1000) / 2);
    return endOf(start(['--attach', started.stdout.trim()]), plan);
  };
  const ended = await run();
  const seen = await readFile(witness, 'utf8').catch(() => '');
  await rm(cwd, { recursive: true, force: true });
  await rm(witness, { force: true });
  return { ...ended, witness: seen };
}

async function endOf(child: ChildProcess, plan: JobPlan): Promise<Omit<JobResult, 'witness'>> {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  }
  const giveUp = setTimeout(() => {
    output.stderr += 'given up: it did not end\n';
    child.kill('SIGKILL');
  }, longestMs);
  const closed = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  void disturb(child, plan);
  const { code, signal } = await closed.finally(() => clearTimeout(giveUp));
  return { code, signal, ...output };
}

/** Input that comes bit by bit; SIGTERM for those that must die of it, and for those that must not. */
async function disturb(child: ChildProcess, { kind, ticks, detached }: JobPlan): Promise<void> {
  child.stdin?.on('error', () => undefined);
  if (kind === 'input') {
    for (let tick = 0; tick < ticks; tick += 1) {
      child.stdin?.write(`${inputLine(tick)}\n`);
      await delay(pauseS * 1000);
    }
  }
  child.stdin?.end();
  if (kind !== 'mortal' && (kind !== 'deaf' || detached)) return;
  // Before its first output a signal may still meet mosrun itself, as Ctrl-C would.
  await new Promise((resolve) => {
    child.stderr?.once('data', resolve);
    child.once('close', resolve);
  });
  await delay((ticks * pauseS * 1000) / 2);
  // A signal that is with a mosd when that is killed is lost with it: as a user would, we try again.
  while (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    await delay(signalAgainMs, undefined, { ref: false });
  }
}
