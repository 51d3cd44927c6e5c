import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { MosdClient } from '../../cluster/mosd-client.js';
import type { ClusterSnapshot, NodeReport } from '../../core/cluster-map.js';
import { parseDuration } from '../../core/duration.js';
import { formatStressHtml } from '../../core/stress/html.js';
import {
  countOf,
  formatStressText,
  summaryOf,
  type StressReport,
  type StressSample,
} from '../../core/stress/report.js';
import { MoskitError, UsageError, errnoOf, messageOf } from '../../errors.js';
import { exitCodes } from '../../exit-codes.js';
import { writeFileAtomic } from '../../state/atomic-file.js';
import { version } from '../../version.js';
import { command, jsonOption, type CommandContext } from '../command.js';
import { readRecord, record } from '../stress/record.js';
import { stressSteps, type StressSetting, type StressStep } from '../stress/steps.js';

const defaultFolder = 'moskit-stresstest';
const sampleMs = 1_000;

/** The manual's stress test over the whole cluster, with a report to send to somebody. */
export const stresstest = command({
  name: 'mosctl stresstest',
  operands: '[FOLDER]',
  count: [0, 1],
  describe:
    'Try the whole cluster: distkeygen, portfolio, eatmem, forkit, file copies and a job that keeps moving. Leaves a report ' +
    '(text, JSON, HTML) in FOLDER. Done again with the same FOLDER it goes on with what has not passed.',
  options: {
    time: { type: 'string', argument: 'TIME', describe: 'end after so long at the latest (10m)' },
    memory: { type: 'number', argument: 'MIB', describe: 'what eatmem takes on each node (64)' },
    again: { type: 'boolean', describe: 'begin anew: what has passed is done again' },
    json: jsonOption,
  },
  run: async ({ options, operands: [operand] }, context) => {
    const timeMs = parseDuration(options.time ?? '10m');
    if (timeMs === null || timeMs < 1000 || timeMs > 86_400_000)
      throw new UsageError(`'${options.time ?? ''}' is no time for it`, { hint: 'from 1s to 24h' });
    const { memory = 64 } = options;
    if (!Number.isInteger(memory) || memory < 1 || memory > 65_536)
      throw new UsageError('--memory goes from 1 to 65536 MiB');
    const mosd = await context.mosd();
    const folder = resolve(operand ?? defaultFolder);
    await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      if (errnoOf(error) === 'EEXIST') return;
      throw new MoskitError(`cannot make ${folder}: ${messageOf(error)}`, { cause: error });
    });
    if (options.again) await rm(join(folder, 'run.ndjson'), { force: true });
    const report = await runAll(mosd, { folder, memory, timeMs }, context);
    await writeReport(folder, report);
    if (options.json) context.printJson(report);
    else context.print(`${summaryOf(report)}; ${join(folder, 'report.html')}`);
    if (countOf(report, 'failed') > 0) return exitCodes.failed;
    return report.left.length > 0 ? exitCodes.someNodesFailed : exitCodes.done;
  },
});

async function runAll(
  mosd: MosdClient,
  { folder, memory, timeMs }: { readonly folder: string; readonly memory: number; readonly timeMs: number },
  context: CommandContext,
): Promise<StressReport> {
  const began = performance.now();
  const remainingMs = (): number => Math.round(timeMs - (performance.now() - began));
  const snapshot = await mosd.request('status', { fresh: true });
  const before = await readRecord(folder);
  const passedBefore = before.results.filter(({ outcome }) => outcome === 'passed');
  const setting = await settingOf(mosd, snapshot, folder, memory, context.env);
  const steps = stressSteps(setting).filter(({ name }) => !passedBefore.some(({ step }) => step === name));
  const samples: StressSample[] = [...before.samples];
  const stopSampling = sample(mosd, folder, samples, samples.at(-1)?.ms ?? 0, context);
  const results = [...passedBefore];
  const left: string[] = [];
  try {
    for (const step of steps) {
      if (remainingMs() < 1000) {
        left.push(step.name);
        continue;
      }
      const result = await runStep(step, setting, remainingMs());
      if (result.outcome === 'failed' && remainingMs() <= 0) {
        left.push(step.name); // it was cut short, which says nothing about it
        continue;
      }
      results.push(result);
      await record(folder, result);
      context.note(`${result.outcome}: ${result.step}: ${result.detail}`);
    }
  } finally {
    stopSampling();
    await rm(setting.cwd, { recursive: true, force: true });
  }
  const nodes = snapshot.nodes.map(({ node, name, report }) => ({ node, name, about: aboutNode(report) }));
  return { version, startedAt: new Date().toISOString().slice(0, 16), nodes, results, samples, left };
}

async function settingOf(
  mosd: MosdClient,
  snapshot: ClusterSnapshot,
  folder: string,
  mib: number,
  env: NodeJS.ProcessEnv,
): Promise<StressSetting> {
  const { self } = snapshot;
  if (self === 0) throw new MoskitError('this machine is in no cluster');
  const up = snapshot.nodes.filter(({ state }) => state === 'up').map(({ node }) => node);
  const cwd = join(folder, 'work');
  await mkdir(cwd, { recursive: true, mode: 0o700 });
  return { mosd, env, cwd, nodes: up.includes(self) ? up : [self, ...up], self, mib };
}

async function runStep({ name, run }: StressStep, setting: StressSetting, timeoutMs: number) {
  const began = performance.now();
  const ended = await run(setting, timeoutMs).catch((error: unknown) => ({
    outcome: 'failed' as const,
    detail: messageOf(error),
  }));
  return { step: name, ...ended, ms: Math.round(performance.now() - began) };
}

/** The load of all nodes once a second, until it is told to stop. */
function sample(
  mosd: MosdClient,
  folder: string,
  samples: StressSample[],
  fromMs: number,
  context: CommandContext,
): () => void {
  const began = performance.now();
  const take = async (): Promise<void> => {
    const { nodes } = await mosd.request('status', { fresh: false });
    const load = Object.fromEntries(nodes.map(({ node, report }) => [node, report?.load ?? null]));
    const one = { ms: Math.round(fromMs + performance.now() - began), load };
    samples.push(one);
    await record(folder, one);
  };
  const timer = setInterval(() => {
    take().catch((error: unknown) => context.note(messageOf(error)));
  }, sampleMs);
  return () => clearInterval(timer);
}

function aboutNode(report: NodeReport | null): string {
  if (report === null) return 'DEAD';
  const { cpus, speed, tmem, drivers, version: theirs } = report;
  return `${cpus} × speed ${Math.round(speed)}, ${Math.round(tmem / 1024)} MiB, moskit ${theirs}, moves by ${drivers.join(', ') || 'nothing'}`;
}

async function writeReport(folder: string, report: StressReport): Promise<void> {
  const files = {
    'report.txt': formatStressText(report),
    'report.json': `${JSON.stringify(report, null, 2)}\n`,
    'report.html': formatStressHtml(report),
  };
  for (const [name, text] of Object.entries(files))
    await writeFileAtomic(join(folder, name), text, { durable: false, mode: 0o644 });
}
