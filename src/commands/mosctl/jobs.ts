import type { JobView } from '../../core/cluster-map.js';
import { exitCodes } from '../../exit-codes.js';
import { command, jsonOption } from '../command.js';
import { oneLine, tableLines } from '../columns.js';

const lostStates: ReadonlySet<string> = new Set(['unreachable', 'stranded', 'lost']);

/** `mosctl jobs`: how the jobs born here are protected against the loss of their node, and which have lost it. */
export const jobs = command({
  name: 'mosctl jobs',
  operands: '',
  count: [0, 0],
  describe: 'How jobs are protected against the loss of their node: rule, last image, and what is lost.',
  options: {
    lost: { type: 'boolean', describe: 'only those whose node does not answer or has lost them' },
    all: { type: 'boolean', alias: 'a', describe: 'also those that are over' },
    json: jsonOption,
  },
  run: async ({ options }, context) => {
    const mosd = await context.mosd();
    const all = await mosd.request('jobs', { all: options.all === true || options.lost === true });
    mosd.close();
    const shown = options.lost ? all.filter(({ state }) => lostStates.has(state)) : all;
    if (options.json) context.print(JSON.stringify(shown));
    else if (shown.length > 0) for (const line of tableLines(titles, shown.map(row))) context.print(line);
    return exitCodes.done;
  },
});

const titles = ['JOB', 'NODE', 'STATE', 'ON-LOSS', 'EVERY', 'LAST IMAGE', 'SIZE', 'KEEPER', 'COMMAND'];

function row(job: JobView): readonly string[] {
  const { protection, stranded } = job;
  const image = protection?.image;
  return [
    job.job,
    String(job.where),
    job.state,
    protection?.onNodeLoss ?? 'hold',
    protection?.checkpointMs ? duration(protection.checkpointMs) : '-',
    image ? `${duration(Math.max(0, Date.now() - image.atMs))} ago` : '-',
    image ? megabytes(image.bytes) : '-',
    image ? String(image.keeper) : '-',
    oneLine(job.command) + (stranded ? `  (${oneLine(stranded.reason)})` : ''),
  ];
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds}s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)}m` : `${Math.round(seconds / 3_600)}h`;
}

function megabytes(bytes: number): string {
  return `${Math.max(0.1, Math.round(bytes / 1024 / 102.4) / 10)}M`;
}
