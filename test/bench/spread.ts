import { performance } from 'node:perf_hooks';
import { equip } from '../../fixtures/lab/equip.js';
import { labProblem, startLab, type Lab } from '../../fixtures/lab/lab.js';
import { figure, notMeasured, type Figure } from './figure.js';
import { program } from './program.js';

const nodes = 4;
const cpuPercent = 40;
const cpuSecondsPerJob = 8;

/**
 * Burns a given number of CPU seconds, its own: a busier node makes it take longer, not do less. A process that was
 * restored from an image counts its CPU time from 0 again.
 */
const burner = `import time,sys
end=float(sys.argv[1]); x=0; done=0.0; last=time.process_time()
while done<end:
    for i in range(2000): x=(x*31+i)&0xffffffff
    now=time.process_time()
    done+=now-last if now>=last else now
    last=now
print("done")
`;

/** 12 CPU-bound jobs, plain mosrun on node 1 of 4 equal nodes. */
export function spreadFigure(): Promise<readonly Figure[]> {
  return makespan('spread', 12, '12 jobs by plain mosrun on 4 equal nodes: makespan / ideal', 1.3, '');
}

/** 8 jobs forced to start on node 1, which then have to move. */
export function rebalanceFigure(): Promise<readonly Figure[]> {
  return makespan('rebalance', 8, '8 jobs forced onto node 1 of 4, balancer on: makespan / ideal', 1.6, '1');
}

async function makespan(
  name: string,
  jobs: number,
  what: string,
  must: number,
  where: string,
): Promise<readonly Figure[]> {
  const problem = await labProblem();
  if (problem !== undefined) return [notMeasured(name, what, must, problem)];
  const work = name === 'rebalance' ? cpuSecondsPerJob * 2 : cpuSecondsPerJob;
  const lab = await startLab({ nodes, cpu: [cpuPercent], name: `bench-${name}-${process.pid}` });
  try {
    await equip(lab, { program });
    await lab.exec(1, `mkdir -p /root/bench && cat >/root/bench/burn.py`, { input: burner });
    await waitForNodes(lab);
    const startMs = performance.now();
    const command = `cd /root/bench && for i in $(seq ${jobs}); do mosrun ${where} python3 burn.py ${work} >out.$i 2>err.$i & done; wait`;
    const { stderr } = await lab.exec(1, command, { timeoutMs: 600_000 });
    const seconds = (performance.now() - startMs) / 1000;
    const done = await lab.exec(1, 'cd /root/bench && cat out.* | grep -c done');
    if (Number(done.stdout) !== jobs)
      throw new Error(`${name}: only ${done.stdout.trim()} of ${jobs} jobs ended well: ${stderr}`);
    const ideal = (jobs * work) / ((nodes * cpuPercent) / 100);
    const moves = await lab.exec(1, `grep -c 'stood still .* bytes' ~/.local/state/moskit/n1/mosd.log`);
    return [
      figure(
        name,
        what,
        seconds / ideal,
        must,
        `makespan ${seconds.toFixed(1)} s, ideal ${ideal.toFixed(1)} s, ${moves.stdout.trim()} moves`,
      ),
    ];
  } finally {
    await lab.down();
  }
}

/** Node 1 has reports of all others: what is measured is the spreading, not the first contact. */
export async function waitForNodes(lab: Lab): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    const answers = await Promise.all(lab.nodes.map(({ n }) => lab.exec(1, ['mosctl', 'isup', String(n)])));
    if (answers.every(({ code }) => code === 0)) return;
  }
  throw new Error('the nodes do not come up');
}
