import { Worker } from 'node:worker_threads';

const hangMs = 60_000;

/** Runs beside the thread that may hang: says which input it was, and ends the process. */
const code = `
const { workerData: { memory, hangMs }, parentPort } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const beats = new Int32Array(memory, 0, 2);
const name = new Uint8Array(memory, 8);
let seen = -1, since = Date.now();
setInterval(() => {
  const now = Atomics.load(beats, 0);
  if (now !== seen) { seen = now; since = Date.now(); return; }
  if (Date.now() - since < hangMs) return;
  const target = Buffer.from(name).toString('utf8').replace(/\\0.*/s, '');
  writeSync(2, 'fuzzing hangs in ' + target + ', input seed ' + (beats[1] >>> 0) + '\\n');
  process.kill(process.pid, 'SIGKILL');
}, 1000);
`;

export interface Watchdog {
  /** An input begins. */
  beat(target: string, seed: number): void;
  stop(): Promise<void>;
}

export function startWatchdog(): Watchdog {
  const memory = new SharedArrayBuffer(8 + 64);
  const beats = new Int32Array(memory, 0, 2);
  const name = new Uint8Array(memory, 8);
  const worker = new Worker(code, { eval: true, workerData: { memory, hangMs } });
  worker.unref();
  let last = '';
  return {
    beat: (target, seed) => {
      if (target !== last) name.fill(0).set(Buffer.from(target).subarray(0, name.length - 1));
      last = target;
      beats[1] = seed;
      Atomics.add(beats, 0, 1);
    },
    stop: async () => {
      await worker.terminate();
    },
  };
}
