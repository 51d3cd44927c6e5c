import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from '../../fixtures/lab/lab.js';
import type { FaultCase, Party, Scene } from './cases.js';

export interface CaseOutcome {
  readonly of: FaultCase;
  /** Where the job ran on: it `moved`, or `stayed` at the source. */
  readonly job: 'moved' | 'stayed' | 'lost' | 'not reached';
  /** What went wrong; empty = the promise was kept. */
  readonly wrong: readonly string[];
  readonly seconds: number;
}

const nodeOf: Readonly<Record<Party, number>> = { home: 1, source: 2, target: 3, keeper: 3 };
const linesOf: Readonly<Record<Scene, number>> = { move: 250, image: 400, elsewhere: 400 };
const protection = '--checkpoint 2s --keeper 3 --on-node-loss recover --lease 5s';
const lookMs = 150;
const faultMs = 2_500;
const limitMs = 150_000;
/** Seen twice in so many looks one after the other, the job runs twice; once may be the move itself. */
const doubleLooks = 4;

interface Program {
  readonly file: string;
  readonly options: string;
}

const programsOf = (lines: number): Readonly<Record<FaultCase['driver'], Program>> => ({
  criu: {
    file: `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo $i; sleep 0.03; done; exit 7`,
    options: '--driver criu',
  },
  restart: {
    file: `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo $i; sleep 0.03; done; exit 7`,
    options: '--driver restart --restartable',
  },
  app: {
    file: `n=$(cat saved 2>/dev/null || echo 0); stop=; trap 'stop=yes' USR1
while [ $n -lt ${lines} ]; do n=$((n+1)); echo $n; sleep 0.03; [ -z "$stop" ] || { echo $n >saved; exit 85; }; done; exit 7`,
    options: `--driver app --ckpt-signal USR1 --ckpt-exit 85 --restart 'exec bash ./job.sh'`,
  },
});

/**
 * One job on the source; a move to the target, an image, or the loss of the source; one fault at one step. What must hold afterwards: the job ran to its
 * end exactly once, with the output and the exit code of an undisturbed run, and nothing of it is left anywhere.
 */
export async function runCase(lab: Lab, of: FaultCase, name: string): Promise<CaseOutcome> {
  const startedMs = performance.now();
  const dir = `/root/work/${name}`;
  const scene = of.scene ?? 'move';
  const lines = linesOf[scene];
  const { file, options } = programsOf(lines)[of.driver];
  await sh(lab, 1, `rm -rf ${dir}; mkdir -p ${dir}/in; cat >${dir}/in/job.sh`, file);
  const running = sh(
    lab,
    1,
    `cd ${dir}/in; mosrun ${options}${scene === 'move' ? '' : ` ${protection}`} 2 bash ./job.sh >../out 2>../err </dev/null & echo $! >../pid; wait $!; echo $? >../code`,
  );
  const node = nodeOf[of.party];
  const state = `/root/.local/state/moskit/n${node}`;
  const watch = watchForDoubles(lab);
  try {
    await until(lab, `[ $(wc -l <${dir}/out) -gt 20 ]`);
    if (scene === 'elsewhere') await until(lab, `ls ${records} >/dev/null 2>&1`);
    const pid = (await sh(lab, 1, `cat ${dir}/pid`)).trim();
    await sh(
      lab,
      node,
      `printf '%s\\n%s\\n' '${of.step}' '${of.fault === 'cut' ? 'hold' : of.fault}' >${state}/fault`,
    );
    const moving = scene === 'image' ? running : begin(lab, scene, pid, dir);
    const isReached = await reached(lab, node, state, moving);
    if (isReached) await inflict(lab, of, node, state);
    if (scene === 'elsewhere') await lab.start(2);
    await sh(lab, node, `rm -f ${state}/fault`);
    await running;
    await moving;
    const wrong = [...(await checked(lab, dir, lines)), ...(await watch.stop()), ...(await leftovers(lab))];
    const job = isReached ? await whatBecame(lab, pid) : 'not reached';
    return { of, job, wrong, seconds: (performance.now() - startedMs) / 1000 };
  } finally {
    await watch.stop();
    await lab.heal(node);
  }
}

/** Of images, at home. */
const records = '/root/.local/state/moskit/n1/homes/*/checkpoint-*.json';

/** The move, or what a person would do after the plug of the source was pulled. */
async function begin(lab: Lab, scene: Scene, pid: string, dir: string): Promise<unknown> {
  if (scene === 'move') return sh(lab, 1, `timeout 100 migrate ${pid} 3 >${dir}/migrate 2>&1; true`);
  const job = await jobOf(lab, pid);
  await lab.kill(2);
  const isDecided = `grep -qE 'goes on on|not lost any more|is over' ${dir}/recover`;
  return sh(
    lab,
    1,
    `timeout 100 sh -c 'until mosrun --recover ${job} 3 --force >${dir}/recover 2>&1; ${isDecided.replaceAll("'", '"')}; do sleep 0.3; done'; true`,
  );
}

async function jobOf(lab: Lab, pid: string): Promise<string> {
  const { jobs } = JSON.parse(await sh(lab, 1, 'mps -a --json')) as {
    readonly jobs: readonly { readonly pid: number | null; readonly job: string }[];
  };
  return jobs.findLast((candidate) => String(candidate.pid) === pid)?.job ?? 'unknown';
}

/** False when the move is over and the step never came. */
async function reached(lab: Lab, node: number, state: string, moving: Promise<unknown>): Promise<boolean> {
  const over = new AbortController();
  void moving.finally(() => {
    over.abort();
  });
  for (;;) {
    const wasOver = over.signal.aborted;
    if ((await ask(lab, node, `[ -e ${state}/fault.hit ]`)) === 0) return true;
    if (wasOver) return false;
    await delay(lookMs);
  }
}

async function inflict(lab: Lab, of: FaultCase, node: number, state: string): Promise<void> {
  const mosd = `$(grep -o '"pid":[0-9]*' ${state}/run/mosd.pid | cut -d: -f2)`;
  if (of.fault === 'cut') await lab.cut(node);
  if (of.fault === 'cut') await sh(lab, node, `rm -f ${state}/fault.hit`);
  if (of.fault !== 'kill') await delay(faultMs);
  if (of.fault === 'stop') await sh(lab, node, `kill -CONT ${mosd}`);
  if (of.fault === 'cut') await lab.heal(node);
  await sh(lab, node, `rm -f ${state}/fault.hit`);
  // Whoever looks at the cluster next starts home's mosd again; the others are started by home.
  if (of.fault === 'kill' && node === 1) await sh(lab, 1, 'mosctl isup 1');
}

async function checked(lab: Lab, dir: string, lines: number): Promise<readonly string[]> {
  const code = (await sh(lab, 1, `cat ${dir}/code`)).trim();
  const same = await ask(lab, 1, `seq 1 ${lines} | cmp -s - ${dir}/out`);
  const err = (await sh(lab, 1, `head -c 300 ${dir}/err`)).trim();
  return [
    ...(code === '7' ? [] : [`exit code ${code} instead of 7 (${err})`]),
    ...(same === 0 ? [] : ['its output differs from an undisturbed run']),
  ];
}

async function whatBecame(lab: Lab, pid: string): Promise<CaseOutcome['job']> {
  const { jobs } = JSON.parse(await sh(lab, 1, 'mps -a --json')) as {
    readonly jobs: readonly { readonly pid: number | null; readonly state: string; readonly nmigs: number }[];
  };
  const job = jobs.findLast((candidate) => String(candidate.pid) === pid);
  if (job?.state !== 'done') return 'lost';
  return job.nmigs > 0 ? 'moved' : 'stayed';
}

/** Looks at all nodes again and again for more than one running job. */
function watchForDoubles(lab: Lab): { stop(): Promise<readonly string[]> } {
  const enough = new AbortController();
  const look = async (): Promise<readonly string[]> => {
    let many = 0;
    while (!enough.signal.aborted) {
      many = (await runningCopies(lab)) > 1 ? many + 1 : 0;
      if (many >= doubleLooks) return ['it ran twice at the same time'];
      await delay(lookMs);
    }
    return [];
  };
  const looking = look();
  return {
    stop: () => {
      enough.abort();
      return looking;
    },
  };
}

/** A node that is off runs nothing. */
async function runningCopies(lab: Lab): Promise<number> {
  const look = `ps -eo stat=,args= | grep -cE '^[^TZ ]+ +bash \\./job\\.sh$' || true`;
  const counts = await Promise.all([1, 2, 3].map((n) => sh(lab, n, look).catch(() => '0')));
  return counts.filter((count) => Number(count) > 0).length;
}

async function leftovers(lab: Lab): Promise<readonly string[]> {
  const left =
    'ls -d /var/tmp/moskit-0/* 2>/dev/null; pgrep -axf "bash ./job.sh"; ls -d /root/.local/state/moskit/*/kept/*/* 2>/dev/null; pgrep -af "moskit-warden" | grep -v pgrep';
  const isClean = async (): Promise<string> =>
    (await Promise.all([1, 2, 3].map((n) => sh(lab, n, `${left}; true`)))).join('').trim();
  let rest = await isClean();
  for (const end = performance.now() + 30_000; rest !== '' && performance.now() < end; rest = await isClean())
    await delay(lookMs);
  return rest === '' ? [] : [`left behind: ${rest.replaceAll('\n', ' ')}`];
}

async function until(lab: Lab, condition: string): Promise<void> {
  const giveUpAt = performance.now() + limitMs;
  while ((await ask(lab, 1, condition)) !== 0) {
    if (performance.now() > giveUpAt) throw new Error(`never: ${condition}`);
    await delay(lookMs);
  }
}

async function ask(lab: Lab, n: number, script: string): Promise<number> {
  return (await lab.exec(n, ['bash', '-c', script], { timeoutMs: limitMs })).code;
}

async function sh(lab: Lab, n: number, script: string, input?: string): Promise<string> {
  const options = { timeoutMs: limitMs, ...(input === undefined ? {} : { input }) };
  return (await lab.exec(n, ['bash', '-c', script], options)).stdout;
}
