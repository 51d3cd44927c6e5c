import { tryConnectMosd } from '../cluster/mosd-client.js';
import { UsageError } from '../errors.js';
import { exitCodes } from '../exit-codes.js';
import { sortColumns, sortRows, type Order } from '../ui/top/sort.js';
import { filters } from '../ui/top/top-state.js';
import { command, jsonOption } from './command.js';
import { guestRow, jobRow, jobTable } from './job-table.js';
import { mosdSource } from './mosmon/mosd-source.js';
import { requireMap } from './require-cluster.js';
import { runCommand } from './run-command.js';
import { jobRowsOf } from '../ui/job-rows.js';

const mtop = command({
  name: 'mtop',
  operands: '',
  count: [0, 0],
  describe: 'Watch, sort and steer the jobs born here and the guests. In a pipe: one list as text.',
  options: {
    sort: {
      type: 'string',
      argument: 'COLUMN',
      describe: 'begin sorted by it (default cpu)',
      mayBeginWithDash: true,
    },
    only: {
      type: 'string',
      choices: filters,
      argument: 'WHICH',
      describe: 'begin with all, or only those at home, away, or guests',
    },
    once: { type: 'boolean', alias: 'b', describe: 'print one list as text' },
    json: jsonOption,
  },
  run: async ({ options }, context) => {
    const order = orderOf(options.sort);
    const filter = options.only ?? 'all';
    const hasScreen = process.stdin.isTTY && process.stdout.isTTY && context.env['TERM'] !== 'dumb';
    if (options.json || options.once || !hasScreen) {
      const snapshot = await (await context.anyMosd()).request('status', { fresh: false });
      if (options.json) {
        context.printJson({ jobs: snapshot.jobs, guests: snapshot.guests });
        return exitCodes.done;
      }
      const own = new Map(snapshot.jobs.map((job) => [job.job, job]));
      const guests = new Map(snapshot.guests.map((guest) => [guest.job, guest]));
      const cells = sortRows(jobRowsOf(snapshot), order).flatMap(({ job }) => {
        const view = own.get(job);
        const guest = guests.get(job);
        if (view) return [jobRow(view)];
        return guest ? [guestRow(guest, snapshot.self)] : [];
      });
      for (const line of jobTable(cells, context.columns)) context.print(line);
      return exitCodes.done;
    }
    const running = await tryConnectMosd({ start: false, env: context.env });
    if (!running) requireMap(context.env);
    const { runTop } = await import('../ui/top/run-top.js');
    return runTop({
      terminal: { stdin: process.stdin, stdout: process.stdout },
      source: mosdSource(running, context.env),
      settings: { order, filter },
      env: context.env,
    });
  },
});

export function runMtop(argv: readonly string[] = []): Promise<void> {
  return runCommand(mtop, argv);
}

function orderOf(text: string | undefined): Order {
  if (text === undefined) return { by: 'CPU', isReversed: false };
  const wanted = text.replace(/^[-+]/, '').toUpperCase();
  const by = sortColumns.find((column) => column === wanted);
  if (by) return { by, isReversed: text.startsWith('-') };
  throw new UsageError(`--sort: there is no column '${text}'`, {
    hint: `the columns are ${sortColumns.join(', ').toLowerCase()}`,
  });
}
