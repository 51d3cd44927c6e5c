import { readdir, readFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { relevantCpuFeatures } from '../core/cpu-features.js';
import { parseCpuinfo } from '../core/proc/cpuinfo.js';
import { statusKib } from '../core/proc/process-status.js';
import { findCriu, type Criu } from './criu-tools.js';
import type { DriverJob, FileFingerprint, ProbeResult } from './driver.js';
import { namespaceOf } from './proc.js';
import { treeOf } from './process-tree.js';
import { judgeIdentity, judgeOwner } from './probe/credentials.js';
import { judgeDescriptors } from './probe/descriptors.js';
import type { Finding, Setting } from './probe/finding.js';
import { fingerprintOf } from './probe/fingerprint.js';
import { judgeMappings } from './probe/mappings.js';
import { judgeSockets } from './probe/sockets.js';
import { readTask, type Task } from './probe/task.js';

/**
 * Can CRIU take this job from here? Looks at every process without stopping any; so a program that opens something
 * the moment after may still make the dump fail, which thaws it.
 */
export async function probeCriu(job: Pick<DriverJob, 'spec' | 'folder' | 'process'>): Promise<ProbeResult> {
  const found = await findCriu();
  if (!found.ok) return { ok: false, reasons: [found.reason] };
  const pids = await treeOf(job.process);
  const tasks = (await Promise.all(pids.map((pid) => readTask(pid)))).filter((task) => task !== null);
  const recorder = tasks.find(({ pid }) => pid === job.process.pid);
  if (!recorder) return { ok: false, reasons: ['the job has ended'] };
  const setting = { inside: [job.folder.dir, job.folder.cwd] };
  const findings = await judge(tasks, recorder, setting, found.criu);
  const { files, reasons } = await fingerprints(findings);
  const all = [...new Set([...textsOf(findings, 'reason'), ...reasons])];
  if (all.length > 0) return { ok: false, reasons: all };
  return {
    ok: true,
    notes: [...new Set(textsOf(findings, 'note'))],
    requirements: {
      driver: 'criu',
      cpuFlags: relevantCpuFeatures(parseCpuinfo(await readFile('/proc/cpuinfo', 'utf8')).flags),
      arch: arch(),
      files,
      folders: pathsOf(findings, 'folder'),
      rssKib: tasks.reduce((sum, { status }) => sum + (statusKib(status, 'VmRSS') ?? 0), 0),
      pids: job.process.mode === 'plain' ? await taskNumbers(tasks) : [],
      ownClock:
        recorder.namespaces.time !== null &&
        recorder.namespaces.time !== (await namespaceOf(process.pid, 'time')),
      dir: job.folder.dir,
      criuVersion: found.criu.version,
    },
  };
}

async function judge(
  tasks: readonly Task[],
  recorder: Task,
  setting: Setting,
  criu: Criu,
): Promise<readonly Finding[]> {
  const uid = process.getuid?.() ?? 0;
  return [
    ...tasks.flatMap((task) => [
      ...judgeIdentity(task, recorder, setting),
      ...(criu.privilege === 'capabilities' ? judgeOwner(task, uid) : []),
      ...judgeDescriptors(task, setting),
      ...judgeMappings(task, setting),
    ]),
    ...(await judgeSockets(tasks, setting)),
  ];
}

async function fingerprints(
  findings: readonly Finding[],
): Promise<{ readonly files: readonly FileFingerprint[]; readonly reasons: readonly string[] }> {
  const answers = await Promise.all(pathsOf(findings, 'file').map((path) => fingerprintOf(path)));
  return {
    files: answers.flatMap((answer) => (answer.ok ? [answer.fingerprint] : [])),
    reasons: answers.flatMap((answer) => {
      if (!answer.ok) return [answer.reason];
      return answer.bits === 32 ? [`${answer.fingerprint.path} is a 32-bit program`] : [];
    }),
  };
}

function textsOf(findings: readonly Finding[], kind: 'reason' | 'note'): readonly string[] {
  return findings.flatMap((finding) => (finding.kind === kind ? [finding.text] : []));
}

function pathsOf(findings: readonly Finding[], kind: 'file' | 'folder'): readonly string[] {
  return [...new Set(findings.flatMap((finding) => (finding.kind === kind ? [finding.path] : [])))];
}

/** Numbers of all threads: without a PID namespace of their own they must be free on the target. */
async function taskNumbers(tasks: readonly Task[]): Promise<readonly number[]> {
  const lists = await Promise.all(tasks.map(({ pid }) => readdir(`/proc/${pid}/task`).catch(() => [])));
  return lists.flat().map(Number);
}
