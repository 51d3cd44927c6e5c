import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { equip } from '../../fixtures/lab/equip.js';
import { startLab, type Lab } from '../../fixtures/lab/lab.js';

export { mayUseLab } from '../../fixtures/lab/lab.js';

const program = fileURLToPath(new URL('../../dist/moskit.mjs', import.meta.url));

/** A lab whose node 1 is a home with the map of all nodes, every one of them up. */
export async function startCluster(name: string, nodes: number, cpu?: readonly number[]): Promise<Lab> {
  if (!existsSync(program)) throw new Error('dist/moskit.mjs is missing: npm run build');
  const lab = await startLab({ nodes, name: `${name}-${process.pid}`, ...(cpu ? { cpu } : {}) });
  try {
    await equip(lab, { program });
    await lab.exec(1, 'mkdir -p /root/work');
    await allUp(lab);
    return lab;
  } catch (error) {
    await lab.down();
    throw error;
  }
}

/** A user's own setting: node 1 gives a silent peer up after some seconds instead of most of a minute. */
export async function noticeEarly(lab: Lab): Promise<void> {
  await lab.exec(1, 'echo "ServerAliveInterval 3" >>/root/.ssh/config && chmod 600 /root/.ssh/config');
  await lab.exec(1, ['moskit', 'stop']);
  await allUp(lab);
}

async function allUp(lab: Lab): Promise<void> {
  await until(`all nodes of ${lab.name} are up`, async () => {
    const answers = await Promise.all(lab.nodes.map(({ n }) => lab.exec(1, ['mosctl', 'isup', String(n)])));
    return answers.every(({ code }) => code === 0);
  });
}

/** Polls a condition; the limit is generous because the machine may be busy. */
export async function until(what: string, holds: () => Promise<boolean>, limitMs = 90_000): Promise<void> {
  for (const end = Date.now() + limitMs; Date.now() < end;) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`never: ${what}`);
}

/** Runs a bash script on node 1 in its own folder; long enough for a busy machine. */
export function bash(
  lab: Lab,
  script: string,
  n = 1,
): Promise<{ code: number; stdout: string; stderr: string }> {
  return lab.exec(n, ['bash', '-c', `cd /root/work; ${script}`], { timeoutMs: 220_000 });
}

export interface Job {
  readonly job: string;
  readonly pid: number | null;
  readonly where: number;
  readonly state: string;
  readonly nmigs: number;
  readonly cantmove: readonly string[];
}

export async function jobs(lab: Lab): Promise<readonly Job[]> {
  const { stdout } = await lab.exec(1, ['mps', '--json']);
  const parsed = JSON.parse(stdout) as { jobs?: readonly Job[] } | readonly Job[];
  return 'jobs' in parsed ? (parsed.jobs ?? []) : (parsed as readonly Job[]);
}
