import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { JobFolder, JobProcess } from '../../src/jobs/driver.js';
import { killTree } from '../../src/jobs/process-tree.js';
import { readExit, startJob, type StartOptions } from '../../src/jobs/sandbox.js';
import { pollUntil } from '../poll-until.js';

const started: { readonly folder: JobFolder; readonly process: JobProcess | null }[] = [];

afterEach(async () => {
  for (const job of started.splice(0)) {
    if (job.process) await killTree(job.process);
    rmSync(job.folder.dir, { recursive: true, force: true });
  }
});

export function makeFolder(): JobFolder {
  const dir = mkdtempSync(join(tmpdir(), 'moskit job "\'\n-'));
  for (const name of ['tmp', 'cwd']) mkdirSync(join(dir, name), { mode: 0o700 });
  const folder = { dir, cwd: join(dir, 'cwd') };
  started.push({ folder, process: null });
  return folder;
}

export interface TestJob {
  readonly folder: JobFolder;
  readonly process: JobProcess;
}

export async function start(argv: readonly string[], options: Partial<StartOptions> = {}): Promise<TestJob> {
  const folder = options.folder ?? makeFolder();
  const job = await startJob({
    folder,
    argv,
    env: Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ''}`),
    umask: 0o022,
    stdin: 'none',
    ...options,
  });
  started.push({ folder, process: job });
  return { folder, process: job };
}

export function exitOfJob({ folder }: TestJob): ReturnType<typeof readExit> {
  return pollUntil(() => readExit(folder));
}

export function outputOf({ folder }: TestJob, name: 'stdout' | 'stderr' = 'stdout'): string {
  return readFileSync(join(folder.dir, name), 'utf8');
}
