import { spawn, type ChildProcess } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import { parseProcessStat } from '../core/proc/process-stat.js';
import { messageOf, MoskitError } from '../errors.js';
import type { JobProcess } from './driver.js';
import { closeInheritedDescriptors } from './inherited-descriptors.js';

const startMs = 15_000;
const maxTextBytes = 4096;

interface Recorder {
  readonly cwd: string;
  readonly env: readonly string[];
  readonly mode: JobProcess['mode'];
  readonly onIdentified: ((process: JobProcess) => Promise<void>) | undefined;
}

/**
 * Runs the recording sh and waits until it has told its PID; only then does it get the word to start the command.
 * /proc/self names the PID as the owner of the mounted /proc sees it, which is us, also out of a PID namespace.
 */
export async function spawnRecorder(words: readonly string[], recorder: Recorder): Promise<JobProcess> {
  closeInheritedDescriptors();
  const child = spawn(words[0]!, words.slice(1), {
    cwd: recorder.cwd,
    env: Object.fromEntries(recorder.env.map(splitPair)),
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const [, , complaints, talk] = child.stdio as unknown as [null, null, Readable, Duplex];
  try {
    const line = await firstLine(child, complaints, talk);
    const stat = parseProcessStat(line);
    if (!stat) throw new MoskitError('the job did not start: its sh did not say who it is');
    const job: JobProcess = { pid: stat.pid, startTicks: stat.startTicks, mode: recorder.mode };
    await recorder.onIdentified?.(job);
    await new Promise<void>((resolve) => talk.end('go\n', resolve));
    return job;
  } finally {
    // Nothing of ours may stay open: without the word to go, the sh ends at the end of its input.
    talk.destroy();
    complaints.destroy();
    child.unref();
  }
}

function splitPair(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
}

function firstLine(child: ChildProcess, complaints: Readable, talk: Duplex): Promise<string> {
  let line = '';
  let complaint = '';
  complaints.on(
    'data',
    (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(0, maxTextBytes)),
  );
  complaints.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown): void => {
      reject(new MoskitError(`the job did not start: ${complaint.trim() || why}`, { cause }));
    };
    const timer = setTimeout(() => fail(`its sh said nothing for ${startMs / 1000} s`), startMs);
    child.once('error', (error) => fail(messageOf(error), error));
    child.once('close', () => fail('its sh ended at once'));
    talk.on('error', (error) => fail(messageOf(error), error));
    talk.on('data', (chunk: Buffer) => {
      line += chunk.toString('latin1');
      if (line.includes('\n') || line.length > maxTextBytes) resolve(line);
    });
    const quiet = (): void => clearTimeout(timer);
    talk.once('close', quiet);
  });
}
