import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { performance } from 'node:perf_hooks';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ClusterSnapshot, NodeView } from '../../src/core/cluster-map.js';
import { resolvePaths } from '../../src/paths.js';
import { acceptChannel } from '../../src/protocol/open-channel.js';
import { Rpc } from '../../src/protocol/rpc.js';
import { figure, timePair, timeRun, type Figure } from './figure.js';
import { cpuPercent } from './process-cost.js';
import { program } from './program.js';

const nodes = 200;
const rounds = 7;
const settleMs = 5_000;
const lookSeconds = 30;

/** mosmon on a real pseudo terminal, fed with 200 nodes whose figures change every second. */
export async function mosmonFigures(): Promise<readonly Figure[]> {
  const feed = await startFeed();
  try {
    const [frame, node] = await timePair(
      rounds,
      () => firstFrame(feed.env),
      () => timeRun(process.execPath, ['-e', '0'], feed.env),
    );
    const screen = openMosmon(feed.env);
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const cpu = await cpuPercent(await nodeBelow(screen.pid!), lookSeconds);
    screen.kill('SIGTERM');
    return [
      figure(
        'mosmon frame',
        'first frame of mosmon, bundled / node -e 0',
        frame / node,
        3,
        `${frame.toFixed(0)} ms against ${node.toFixed(0)} ms`,
      ),
      figure(
        'mosmon cpu',
        `processor use of mosmon at 1 Hz with ${nodes} nodes, % of a core`,
        cpu,
        5,
        `over ${lookSeconds} s`,
      ),
    ];
  } finally {
    await feed.close();
  }
}

function openMosmon(env: NodeJS.ProcessEnv): ChildProcess {
  const mosmon = join(dirname(program), '..', 'bin', 'mosmon.js');
  const command = `stty cols 120 rows 40; exec '${process.execPath}' '${mosmon}'`;
  return spawn('script', ['-qefc', command, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
}

/** Time until the node numbers stand on the screen. */
async function firstFrame(env: NodeJS.ProcessEnv): Promise<number> {
  const startMs = performance.now();
  const screen = openMosmon(env);
  let seen = '';
  const elapsedMs = await new Promise<number>((resolve, reject) => {
    screen.stdout?.on('data', (chunk: Buffer) => {
      seen += chunk.toString('utf8');
      if (/nodes 1 to \d+ of 200/.test(seen)) resolve(performance.now() - startMs);
    });
    screen.once('exit', () =>
      reject(new Error(`mosmon ended before its first frame: ${JSON.stringify(seen.slice(0, 300))}`)),
    );
  });
  screen.removeAllListeners('exit');
  const gone = new Promise((resolve) => screen.once('exit', resolve));
  screen.stdin?.write('q');
  await gone;
  return elapsedMs;
}

async function nodeBelow(pid: number): Promise<number> {
  for (let at = pid; ;) {
    const name = (await readFile(`/proc/${at}/comm`, 'utf8')).trim();
    if (name.startsWith('node') || name === 'MainThread') return at;
    const child = (await readFile(`/proc/${at}/task/${at}/children`, 'utf8')).trim().split(' ')[0];
    if (!child) throw new Error('mosmon does not run');
    at = Number(child);
  }
}

interface Feed {
  readonly env: NodeJS.ProcessEnv;
  close(): Promise<void>;
}

/** What mosd pushes, from made-up figures: only mosmon is measured here. */
async function startFeed(): Promise<Feed> {
  const folder = await mkdtemp(join(tmpdir(), 'moskit-bench-'));
  const env = { ...process.env, MOSKIT_DIR: folder, TERM: 'xterm-256color' };
  const { socket } = resolvePaths(env);
  const server: Server = createServer((stream) => {
    stream.on('error', () => undefined);
    void acceptChannel(stream, { socket, timeoutMs: 5000 }).then(() => {
      let timer: NodeJS.Timeout | undefined;
      const rpc: Rpc = new Rpc(stream, {
        peerName: 'mosmon',
        onRequest: (method) => {
          if (method === 'watch') {
            timer = setInterval(() => rpc.notify('snapshot', snapshot()), 1000);
            setImmediate(() => rpc.notify('snapshot', snapshot()));
          }
          return Promise.resolve(method === 'ping' ? { version: '', pid: process.pid, node: 1 } : {});
        },
      });
      void rpc.closed.then(() => clearInterval(timer));
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    env,
    close: async () => {
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function snapshot(): ClusterSnapshot {
  const atMs = Date.now();
  return {
    self: 1,
    atMs,
    sspeed: 10_000,
    nodes: Array.from({ length: nodes }, (_, index) => view(index + 1, atMs)),
    jobs: [],
    guests: [],
  };
}

function view(node: number, atMs: number): NodeView {
  const load = Math.round(150 + 140 * Math.sin(atMs / 3000 + node));
  return {
    node,
    name: `n${node}`,
    state: 'up',
    ageMs: 100,
    bandwidth: null,
    report: {
      load,
      ownload: load,
      speed: 10_000,
      cpus: 2,
      util: Math.min(100, Math.round(load / 3)),
      mem: 8_000_000,
      rmem: 4_000_000,
      tmem: 16_000_000,
      guests: 0,
      freeslots: null,
      block: false,
      stay: false,
      lstay: false,
      quiet: false,
      drivers: ['app'],
      version: '0.1.0',
    },
  };
}
