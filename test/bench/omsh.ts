import { existsSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { equip } from '../../fixtures/lab/equip.js';
import { labProblem, startLab, type Lab } from '../../fixtures/lab/lab.js';
import { makeCProject } from './c-project.js';
import { figure, notMeasured, type Figure } from './figure.js';
import { program } from './program.js';
import { waitForNodes } from './spread.js';

const name = 'omsh';
const what = 'make -j 12 SHELL=omsh over 4 nodes / make on one of them, 200 C files';
const must = 0.4;
const nodes = 4;
const cpuPercent = 40;
const files = 200;
const functions = 100;
const make = '/usr/bin/make';
const hourMs = 3_600_000;

/** A compile spread by nothing but another SHELL, in a folder that all nodes see. */
export async function omshFigure(): Promise<readonly Figure[]> {
  const problem = (await labProblem()) ?? (existsSync(make) ? undefined : 'make is not installed');
  if (problem !== undefined) return [notMeasured(name, what, must, problem)];
  const lab = await startLab({ nodes, cpu: [cpuPercent], name: `bench-omsh-${process.pid}` });
  try {
    await equip(lab, { program });
    await lab.put(1, make, '/usr/local/bin/make', 0o755);
    const folder = '/shared/project';
    const generate = `mkdir -p ${folder} && cd ${folder} && FILES=${files} FUNCTIONS=${functions} sh`;
    await mustRun(lab, generate, { input: makeCProject });
    await waitForNodes(lab);
    const spread = await timeMake(lab, folder, '-j 12 SHELL=omsh');
    const alone = await timeMake(lab, folder, '');
    if (spread.printed !== alone.printed) throw new Error('the two programs print different things');
    const places = await jobsPerNode(lab);
    return [
      figure(
        name,
        what,
        spread.seconds / alone.seconds,
        must,
        `${(alone.seconds / spread.seconds).toFixed(2)} times faster: ${spread.seconds.toFixed(0)} s against ${alone.seconds.toFixed(0)} s, jobs per node ${places}`,
      ),
    ];
  } finally {
    await lab.down();
  }
}

async function timeMake(
  lab: Lab,
  folder: string,
  options: string,
): Promise<{ readonly seconds: number; readonly printed: string }> {
  await mustRun(lab, `cd ${folder} && make -s clean`);
  const startMs = performance.now();
  await mustRun(lab, `cd ${folder} && make -s ${options} 2>make.log || { tail make.log >&2; exit 1; }`);
  const seconds = (performance.now() - startMs) / 1000;
  return { seconds, printed: await mustRun(lab, `cd ${folder} && ./program`) };
}

async function jobsPerNode(lab: Lab): Promise<string> {
  const history = '~/.local/state/moskit/n1/history.ndjson';
  const counts = lab.nodes.map(({ n }) => `grep -c '"started".*"node":${n},' ${history}`);
  return (await mustRun(lab, counts.join('; '))).trim().split('\n').join(' ');
}

async function mustRun(
  lab: Lab,
  command: string,
  options: { readonly input?: string } = {},
): Promise<string> {
  const { code, stdout, stderr } = await lab.exec(1, command, { ...options, timeoutMs: hourMs });
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${stderr}`);
  return stdout;
}
