// A monitor on a made-up cluster, for tests on a real terminal and for the eye:
//   node monitor-program.mjs [nodes] [jobs] [option=value ...]
import type { ClusterSnapshot } from '../../src/core/cluster-map.js';
import type { SnapshotSource } from '../../src/ui/snapshot-source.js';
import type { Settings } from '../../src/ui/monitor-state.js';
import { livelySnapshot } from './lively-cluster.js';

const [nodes = '6', jobs = '8', ...rest] = process.argv.slice(2);
const options = Object.fromEntries(rest.map((word) => word.split('='))) as Record<string, string>;
const settings: Settings = JSON.parse(options['settings'] ?? '{}') as Settings;
const startMs = Number(options['start'] ?? Date.now());
const firstTick = Number(options['tick'] ?? 0);

let wake: () => void = () => undefined;
let closed = false;
const source: SnapshotSource = {
  async *snapshots(): AsyncGenerator<ClusterSnapshot> {
    for (let tick = firstTick; !closed; tick++) {
      yield livelySnapshot(Number(nodes), Number(jobs), tick, startMs);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  },
  migrate: (job, to) => {
    if (options['fail'])
      setImmediate(() => {
        throw new Error('a bug');
      });
    return Promise.resolve({ kind: 'info', text: `${job} moved to ${to}` });
  },
  close: () => {
    closed = true;
    wake();
  },
};

const { runMonitor } = await import('../../src/ui/monitor.js');
process.exitCode = await runMonitor({
  terminal: { stdin: process.stdin, stdout: process.stdout },
  source,
  settings,
  env: process.env,
});
if (options['cpu'])
  process.stderr.write(
    JSON.stringify({ ...process.cpuUsage(), uptime: process.uptime(), rss: process.memoryUsage().rss }) +
      '\n',
  );
