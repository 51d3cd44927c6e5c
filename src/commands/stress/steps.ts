import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import type { MosdClient } from '../../cluster/mosd-client.js';
import type { NodeId } from '../../core/ids.js';
import type { StressResult } from '../../core/stress/report.js';
import { exitCodes } from '../../exit-codes.js';
import { startJob, type JobRun, type StartedJob } from './run-job.js';

export interface StressSetting {
  readonly mosd: MosdClient;
  readonly env: NodeJS.ProcessEnv;
  /** A folder with nothing in it: jobs take their working folder along. */
  readonly cwd: string;
  /** Nodes that are up, this one among them. */
  readonly nodes: readonly NodeId[];
  readonly self: NodeId;
  /** Of memory that eatmem takes on a node. */
  readonly mib: number;
}

export type Ended = Pick<StressResult, 'outcome' | 'detail'>;

export interface StressStep {
  readonly name: string;
  readonly run: (setting: StressSetting, timeoutMs: number) => Promise<Ended>;
}

const passed = (detail: string): Ended => ({ outcome: 'passed', detail });
const failed = (detail: string): Ended => ({ outcome: 'failed', detail });

/** The manual's stress test, test by test; each node that is up is used. */
export function stressSteps({ nodes, self }: Pick<StressSetting, 'nodes' | 'self'>): readonly StressStep[] {
  const others = nodes.filter((node) => node !== self);
  return [
    { name: 'distkeygen', run: distkeygen },
    { name: 'portfolio', run: portfolio },
    { name: 'eatmem', run: eatmem },
    { name: 'forkit', run: forkit },
    ...others.map((node) => ({ name: `copies to and from node ${node}`, run: copies(node) })),
    ...(others.length === 0 ? [] : [{ name: 'moving', run: moving }]),
  ];
}

type Start = (
  setting: StressSetting,
  timeoutMs: number,
  args: readonly string[],
  input?: Buffer,
) => Promise<JobRun>;

const start: Start = ({ env, cwd }, timeoutMs, args, input) =>
  startJob(args, { env, cwd, timeoutMs, ...(input ? { input } : {}) }).ended;

/** RSA keys, two for each node, as many at once; each is checked at home. */
async function distkeygen(setting: StressSetting, timeoutMs: number): Promise<Ended> {
  if (spawnSync('openssl', ['version']).status !== 0)
    return { outcome: 'refused', detail: 'there is no openssl on this machine' };
  const count = 2 * setting.nodes.length;
  const runs = await times(count, () => start(setting, timeoutMs, ['openssl', 'genrsa', '1024']));
  const bad = runs.find((run) => !isKey(run));
  return bad ? failed(`a key is none: ${why(bad)}`) : passed(`${count} keys, each checked`);
}

function isKey({ code, stdout }: JobRun): boolean {
  const check = spawnSync('openssl', ['rsa', '-check', '-noout'], { input: stdout, timeout: 30_000 });
  return code === 0 && check.status === 0;
}

/** A hundred thousand days of a portfolio by chance that is the same everywhere: every node must come to the same sum. */
const portfolioScript =
  'BEGIN { s = SEED; v = 1000; for (i = 0; i < 100000; i++) { s = (s * 16807) % 2147483647; v = v + (s % 2001 - 1000) / 1000 } printf "%.3f\\n", v }';

async function portfolio(setting: StressSetting, timeoutMs: number): Promise<Ended> {
  const scripts = setting.nodes.map((_, at) => portfolioScript.replace('SEED', String(at + 1)));
  const runs = await Promise.all(
    setting.nodes.map((node, at) => start(setting, timeoutMs, [String(node), 'awk', scripts[at]!])),
  );
  for (const [at, run] of runs.entries()) {
    const here = spawnSync('awk', [scripts[at]!], { timeout: timeoutMs });
    const node = setting.nodes[at] ?? 0;
    if (run.code !== 0) return failed(`node ${node}: ${why(run)}`);
    if (!here.stdout.equals(run.stdout))
      return failed(
        `node ${node} came to ${run.stdout.toString().trim().slice(0, 40)}, home to ${here.stdout.toString().trim()}`,
      );
  }
  return passed(`${runs.length} nodes came to the same results as home`);
}

async function eatmem(setting: StressSetting, timeoutMs: number): Promise<Ended> {
  const script = `BEGIN { s = "x"; while (length(s) < 1048576) s = s s; for (i = 0; i < ${setting.mib}; i++) { a[i] = s i; n++ } print n, length(a[n - 1]) }`;
  const wanted = `${setting.mib} ${1_048_576 + String(setting.mib - 1).length}\n`;
  const runs = await onEach(setting, timeoutMs, ['awk', script]);
  return verdict(setting, runs, wanted, `${setting.mib} MiB on each of ${setting.nodes.length} nodes`);
}

/** A process that forks, and forks again: all must end, and be counted. */
async function forkit(setting: StressSetting, timeoutMs: number): Promise<Ended> {
  const script =
    'i=0; while [ $i -lt 8 ]; do i=$((i+1)); (j=0; while [ $j -lt 5 ]; do j=$((j+1)); (echo x) & done; wait) & done | wc -l; wait';
  const runs = await onEach(setting, timeoutMs, ['sh', '-c', `(${script}) | tr -d " "`]);
  return verdict(setting, runs, '40\n', `a tree of 48 processes on each of ${setting.nodes.length} nodes`);
}

function copies(node: NodeId): StressStep['run'] {
  return async (setting, timeoutMs) => {
    const content = randomBytes(4 * 1024 * 1024);
    const began = performance.now();
    const run = await start(
      setting,
      timeoutMs,
      [String(node), 'sh', '-c', 'cat >copy && cat copy && rm copy'],
      content,
    );
    if (run.code !== 0) return failed(why(run));
    if (digest(run.stdout) !== digest(content)) return failed('what came back is not what was sent');
    const seconds = (performance.now() - began) / 1000;
    return passed(`4 MiB there and back, the same, ${(8 / seconds).toFixed(1)} MiB/s`);
  };
}

const lines = 60;
const linesApart = 0.2;
const moveEveryMs = 2_000;

/** A job that prints numbers is moved round the nodes while it runs; not a line may be missing or be there twice. */
async function moving(setting: StressSetting, timeoutMs: number): Promise<Ended> {
  const script = `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo $i; sleep ${linesApart}; done`;
  const { env, cwd, nodes, mosd } = setting;
  // Not locked: the folder of a job that is locked at home is not carried, and it could not be moved at all.
  const job = startJob([String(setting.self), 'sh', '-c', script], { env, cwd, timeoutMs });
  const reasons: string[] = [];
  let moves = 0;
  for (let at = 1; job.pid !== undefined && (await goesOn(job)); at++) {
    const to = nodes[(nodes.indexOf(setting.self) + at) % nodes.length]!;
    const outcome = await mosd
      .request('migrate', { target: job.pid, to }, { timeoutMs: 60_000 })
      .catch((error: unknown) => ({
        moved: false as const,
        reason: error instanceof Error ? error.message : 'no',
      }));
    if (outcome.moved) moves += 1;
    else reasons.push(outcome.reason);
  }
  const run = await job.ended;
  const wanted = Array.from({ length: lines }, (_, at) => `${at + 1}\n`).join('');
  if (run.code !== 0) return failed(why(run));
  if (run.stdout.toString() !== wanted)
    return failed(`after ${moves} moves lines are missing or were there twice`);
  if (moves === 0)
    return { outcome: 'refused', detail: reasons[0] ?? 'it was over before it could be moved' };
  return passed(
    `${moves} moves while it ran, every line once${reasons.length > 0 ? `; ${reasons.length} refused: ${reasons[0]!}` : ''}`,
  );
}

/** After the time between two moves. */
async function goesOn({ ended }: StartedJob): Promise<boolean> {
  const pause = new Promise<boolean>((resolve) => setTimeout(() => resolve(true), moveEveryMs));
  return Promise.race([ended.then(() => false), pause]);
}

function onEach(
  setting: StressSetting,
  timeoutMs: number,
  words: readonly string[],
): Promise<readonly JobRun[]> {
  return Promise.all(setting.nodes.map((node) => start(setting, timeoutMs, [String(node), ...words])));
}

function verdict({ nodes }: StressSetting, runs: readonly JobRun[], wanted: string, detail: string): Ended {
  const at = runs.findIndex(({ code, stdout }) => code !== 0 || stdout.toString() !== wanted);
  if (at < 0) return passed(detail);
  return failed(`node ${nodes[at] ?? 0}: ${why(runs[at]!)}`);
}

function why({ code, stdout, stderr }: JobRun): string {
  if (code === exitCodes.done) return `it printed ${JSON.stringify(stdout.toString().slice(0, 60))}`;
  return stderr || (code === null ? 'it did not end in time' : `exit code ${code}`);
}

function times<T>(count: number, act: () => Promise<T>): Promise<readonly T[]> {
  return Promise.all(Array.from({ length: count }, act));
}

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
