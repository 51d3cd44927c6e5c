import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { JobExit } from '../../src/core/cluster-map.js';
import type { JobSpec } from '../../src/core/job-spec.js';
import type { JobProcess, MoveRequirements } from '../../src/jobs/driver.js';
import { startLab, type Lab } from '../../fixtures/lab/lab.js';
import { readState } from '../../fixtures/lab/state.js';
import { pollUntil } from '../poll-until.js';
import type { HarnessJob } from './harness.js';
import { HarnessLink, harnessPath, type LabUser } from './harness-link.js';

const programs = '/usr/local/lib/programs';
const pagePort = 4901;

export interface ProbedDriver {
  readonly driver: string;
  readonly reasons: readonly string[];
  readonly requirements: MoveRequirements;
}

export interface StartOptions {
  readonly stdin?: 'none' | 'stream';
  readonly pidNamespace?: boolean;
  readonly env?: readonly string[];
}

export interface Frozen {
  readonly kind: string;
  readonly ms: number;
  readonly bytes: number;
}

/** A lab with the drivers on every node, and what mosd does with them between two nodes. */
export class LabJobs {
  readonly lab: Lab;
  readonly #links: readonly HarnessLink[];
  readonly #user: LabUser;
  #sequence = 0;

  private constructor(lab: Lab, links: readonly HarnessLink[], user: LabUser) {
    this.lab = lab;
    this.#links = links;
    this.#user = user;
  }

  static async start(name: string, nodes = 2, user: LabUser = 'root'): Promise<LabJobs> {
    const lab = await startLab({ nodes, name });
    try {
      await install(lab);
      const links = await Promise.all(lab.nodes.map((node) => HarnessLink.open(lab, node, user)));
      return new LabJobs(lab, links, user);
    } catch (error) {
      await lab.down();
      throw error;
    }
  }

  ask<T = unknown>(node: number, op: string, job: LabJob, more: object = {}): Promise<T> {
    return this.#links[node - 1]!.ask(op, { job: job.harness, ...more }) as Promise<T>;
  }

  /** Starts `argv` on a node; `$P` at the start of a word is the folder of the test programs. */
  async run(node: number, argv: readonly string[], options: StartOptions = {}): Promise<LabJob> {
    const uid = this.#user === 'root' ? 0 : 1000;
    const dir = `/var/tmp/moskit-${uid}/1-${++this.#sequence}`;
    const words = argv.map((word) => word.replaceAll('$P', programs));
    const job = new LabJob(this, node, {
      spec: specOf(words, options.stdin ?? 'none'),
      folder: { dir, cwd: `${dir}/cwd` },
      process: { pid: 0, startTicks: 0, mode: 'pidns' },
      imageDir: `${dir}.image-1`,
      env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'HOME=/root', `TMPDIR=${dir}/tmp`, ...(options.env ?? [])],
    });
    const { pidNamespace } = options;
    job.process = await this.ask<JobProcess>(
      node,
      'start',
      job,
      pidNamespace === undefined ? {} : { pidNamespace },
    );
    return job;
  }

  /** A folder of one node onto the same path of another, complete: what staging does in the product. */
  copy(from: number, to: number, path: string): void {
    const tar = 'mkdir -p "$2$3"; tar -C "$1$3" --sparse -cpf - . | tar -C "$2$3" -xpf -';
    execFileSync('sh', ['-c', tar, 'copy', this.rootOf(from), this.rootOf(to), path]);
  }

  async down(): Promise<void> {
    for (const link of this.#links) link.close();
    await this.lab.down();
  }

  /** Where a node's files are on this machine. */
  rootOf(n: number): string {
    const init = readState(this.lab.name).nodes.find((node) => node.n === n)?.init;
    if (!init) throw new Error(`node ${n} is off`);
    return `/proc/${init.pid}/root`;
  }

  addressOf(n: number): string {
    return this.lab.nodes.find((node) => node.n === n)!.address;
  }
}

/** A job in the lab: where it is now, and how to move it. */
export class LabJob {
  readonly #jobs: LabJobs;
  node: number;
  harness: HarnessJob;
  #moves = 0;

  constructor(jobs: LabJobs, node: number, harness: HarnessJob) {
    this.#jobs = jobs;
    this.node = node;
    this.harness = harness;
  }

  set process(process: JobProcess) {
    this.harness = { ...this.harness, process };
  }

  get process(): JobProcess {
    return this.harness.process;
  }

  ask<T = unknown>(op: string, more: object = {}): Promise<T> {
    return this.#jobs.ask<T>(this.node, op, this, more);
  }

  async probe(): Promise<ProbedDriver> {
    const drivers = await this.ask<readonly ProbedDriver[]>('probe');
    return drivers.find(({ driver }) => driver === 'criu')!;
  }

  /** Freeze here, files and pages there; the source stays frozen. */
  async freezeTowards(to: number, fault?: 'cut the pages'): Promise<Frozen> {
    const { dir } = this.harness.folder;
    this.harness = { ...this.harness, imageDir: `${dir}.image-${++this.#moves}` };
    await this.#jobs.ask(to, 'prepare', this);
    const peer = { host: this.#jobs.addressOf(to), port: pagePort };
    const [frozen, received] = await Promise.allSettled([
      this.ask<Frozen>('freeze', { peer, ...(fault ? { fault } : {}) }),
      this.#jobs.ask(to, 'receive', this, { peer }),
    ]);
    // when both fail, the source knows why
    if (frozen.status === 'rejected') throw frozen.reason;
    if (received.status === 'rejected') throw received.reason;
    this.#jobs.copy(this.node, to, dir);
    this.#jobs.copy(this.node, to, this.harness.imageDir);
    return frozen.value;
  }

  /** The whole move, as mosd makes it. Throws with the reason, after a thaw, when it can't be made. */
  async move(to: number): Promise<void> {
    const probed = await this.probe();
    if (probed.reasons.length > 0) throw new Error(`can't move: ${probed.reasons.join('; ')}`);
    const refusal = await this.#jobs.ask<string | null>(to, 'admit', this, {
      requirements: probed.requirements,
    });
    if (refusal !== null) throw new Error(`refused: ${refusal}`);
    await this.freezeTowards(to);
    const restored = await this.#jobs.ask<JobProcess>(to, 'restore', this);
    await this.ask('discard');
    await this.#jobs.lab.exec(this.node, ['rm', '-rf', this.harness.folder.dir, this.harness.imageDir]);
    this.node = to;
    this.process = restored;
    await this.ask('continue');
  }

  async exit(timeoutMs = 60_000): Promise<JobExit> {
    return pollUntil(async () => (await this.ask<{ readonly exit: JobExit | null }>('exit')).exit, timeoutMs);
  }

  /** A file of the job's folder as its present node has it. */
  async read(name: string): Promise<string> {
    const { stdout } = await this.#jobs.lab.exec(this.node, ['cat', join(this.harness.folder.dir, name)]);
    return stdout;
  }

  async end(): Promise<void> {
    await this.ask('kill');
  }
}

function specOf(argv: readonly string[], stdin: JobSpec['stdin']): JobSpec {
  return {
    argv,
    env: [],
    umask: 0o022,
    folder: { cwd: '/', carryIn: null, carryOut: null, carryLimitBytes: 0 },
    where: { kind: 'best' },
    lock: false,
    hint: 'none',
    decay: 'none',
    relocation: { driver: 'criu', ckptSignal: null, ckptExit: null, restart: null, restartable: false },
    deputy: null,
    stdin,
  };
}

async function install(lab: Lab): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'moskit-harness-'));
  try {
    const outfile = join(dir, 'harness.mjs');
    await build({
      entryPoints: [new URL('harness.ts', import.meta.url).pathname],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'silent',
    });
    const local = new URL('../../fixtures/programs', import.meta.url).pathname;
    const archive = join(dir, 'programs.tar');
    execFileSync('tar', ['-C', local, '-cf', archive, '.']);
    await Promise.all(
      lab.nodes.map(async ({ n }) => {
        await lab.put(n, outfile, harnessPath);
        await lab.put(n, archive, '/tmp/programs.tar');
        const { code, stderr } = await lab.exec(
          n,
          `mkdir -p ${programs} && tar -C ${programs} -xf /tmp/programs.tar`,
        );
        if (code !== 0) throw new Error(`the programs are not on n${n}: ${stderr}`);
      }),
    );
    await compile(lab);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Once, and then the same file everywhere: two compilations need not give the same build id. */
async function compile(lab: Lab): Promise<void> {
  const { code, stderr } = await lab.exec(
    1,
    `cd ${programs} && for name in *.c; do gcc -O1 -pthread -o "\${name%.c}" "$name" || exit 1; done`,
    { timeoutMs: 120_000 },
  );
  if (code !== 0) throw new Error(`gcc failed: ${stderr}`);
  const rootOf = (n: number): string =>
    `/proc/${readState(lab.name).nodes.find((node) => node.n === n)!.init!.pid}/root`;
  for (const { n } of lab.nodes) {
    if (n !== 1) execFileSync('cp', ['-a', `${rootOf(1)}${programs}/.`, `${rootOf(n)}${programs}/`]);
  }
}
