import { wholeOutput, type JobPlan } from './job-program.js';

export interface JobResult {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What the job wrote to its witness. */
  readonly witness: string;
}

export interface Verdict {
  readonly lost: boolean;
  readonly doubled: boolean;
  /** Empty = as it must be. */
  readonly wrong: readonly string[];
}

/** Compares what a job left with what an undisturbed run leaves. */
export function judge(plan: JobPlan, result: JobResult): Verdict {
  const twice = doubledLife(result.witness);
  const isOver = plan.kind === 'mortal' || / end$/m.test(result.witness);
  const wrong = [
    ...wrongEnd(plan, result),
    ...wrongOutput(plan, result.stdout),
    ...(isInOrder(result.stderr) ? [] : ['its standard error has a gap or a repetition']),
    ...(twice === null ? [] : [twice]),
    ...(isOver ? [] : ['it never came to its end']),
  ];
  return {
    lost: !isOver,
    doubled: twice !== null,
    wrong: wrong.map((text) => `${plan.name} (${plan.kind}${plan.detached ? ', detached' : ''}): ${text}`),
  };
}

function wrongEnd(plan: JobPlan, { code, signal, stderr }: JobResult): readonly string[] {
  const wanted = plan.kind === 'mortal' ? 'SIGTERM' : `${plan.code}`;
  const had = signal ?? `${code}`;
  const said = stderr
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('tick '))
    .join(' | ');
  return had === wanted ? [] : [`it ended with ${had} instead of ${wanted}${said ? ` (${said})` : ''}`];
}

function wrongOutput(plan: JobPlan, stdout: string): readonly string[] {
  const whole = wholeOutput(plan);
  const fits = plan.kind === 'mortal' ? whole.startsWith(stdout) : stdout === whole;
  if (fits) return [];
  let same = 0;
  while (same < whole.length && stdout[same] === whole[same]) same += 1;
  return [`of ${whole.length} bytes it printed ${stdout.length}, the first wrong one is number ${same}`];
}

/** mosrun's own lines may stand between. */
function isInOrder(stderr: string): boolean {
  const ticks = [...stderr.matchAll(/^tick (\d+)$/gm)].map((match) => Number(match[1]));
  return ticks.every((tick, index) => tick === index + 1);
}

/** Lives follow each other, and each counts upwards: one that comes back, or counts again, ran beside another. */
function doubledLife(witness: string): string | null {
  const over = new Set<string>();
  let now = '';
  let last = 0;
  let ends = 0;
  for (const line of witness.split('\n').filter((text) => text !== '')) {
    const [life = '', word = ''] = line.split(' ');
    if (life !== now) {
      if (over.has(life)) return `the life ${life} went on beside ${now}`;
      over.add(now);
      now = life;
      last = 0;
    }
    if (word === 'end') ends += 1;
    else if (Number(word) <= last) return `the life ${life} counted ${word} after ${last}`;
    else last = Number(word);
  }
  return ends > 1 ? `it came to its end ${ends} times` : null;
}
