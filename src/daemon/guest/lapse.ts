import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../errors.js';
import { continueTree, stoppedOf, stopTree } from '../../jobs/process-tree.js';
import { createHistory, type History } from '../../state/history.js';
import { parseSealed } from '../../state/sealed-json.js';
import { upMs } from '../up-time.js';
import { lapsedFile, leaseFile } from './lease-files.js';
import { parseLease } from './lease.js';
import type { GuestRecord } from './record.js';

const lookMs = 500;

/**
 * `moskit lapse GUESTS HISTORY`: stops the guests whose lease is over and wakes those whose lease is good again; ends when
 * none is over. The mark is made before anything is stopped and removed after it was continued, and mosd freezes nothing
 * that has one: so it never wakes what a move has stopped.
 */
export async function runLapse(argv: readonly string[]): Promise<void> {
  const [guestsDir, historyPath] = argv;
  if (!guestsDir || !historyPath) throw new Error('usage: lapse GUESTS HISTORY');
  const history = createHistory(historyPath, Date.now);
  for (;;) {
    const keys = await readdir(guestsDir);
    // Side by side, and whatever goes wrong with one: a process that sits in the kernel must not keep the others running.
    const held = await Promise.all(
      keys.map((key) =>
        lookAt(join(guestsDir, key), history).catch((error: unknown) => {
          process.stderr.write(`${key}: ${messageOf(error)}\n`);
          return true;
        }),
      ),
    );
    if (!held.includes(true)) return;
    await delay(lookMs);
  }
}

/** True while it is held. */
async function lookAt(dir: string, history: History): Promise<boolean> {
  const until = await readFile(join(dir, leaseFile), 'utf8').catch(() => null);
  const mark = await readFile(join(dir, lapsedFile), 'utf8').catch(() => null);
  if (until === null && mark === null) return false;
  // One that can't be read is no lease.
  const isOver = until !== null && (parseLease(until) ?? 0) <= upMs();
  if (isOver) return hold(dir, mark, history);
  if (mark !== null) await letGo(dir, mark, history);
  return false;
}

async function hold(dir: string, mark: string | null, history: History): Promise<boolean> {
  const record = await recordIn(dir);
  if (!record) {
    await rm(join(dir, leaseFile), { force: true });
    return false;
  }
  if (!record.process) return true;
  if (mark === null) {
    // What stands still for the user, for its output or for a freeze is woken by whoever ends that, also meanwhile.
    const stopped = isFree(record) ? await stoppedOf(record.process) : [];
    await writeFile(join(dir, lapsedFile), JSON.stringify(stopped), { mode: 0o600 });
    tell(history, record, 'lapsed', 'its home has been silent for longer than its lease: it stands still');
  }
  await stopTree(record.process);
  return true;
}

async function letGo(dir: string, mark: string, history: History): Promise<void> {
  const record = await recordIn(dir);
  if (record?.process && isFree(record)) {
    await continueTree(record.process, parsePids(mark));
    // Its user may have stopped it in this very moment.
    const now = await recordIn(dir);
    if (now?.process && !isFree(now)) await stopTree(now.process);
  }
  await rm(join(dir, lapsedFile), { force: true });
  if (record) tell(history, record, 'renewed', 'its home is back: it goes on');
}

function isFree({ phase, userStopped, outputHeld }: GuestRecord): boolean {
  return phase === 'running' && !userStopped && outputHeld !== true;
}

function tell(history: History, record: GuestRecord, event: string, reason: string): void {
  const { job, generation, you } = record;
  history.add({ event, job, generation, node: you, reason });
}

async function recordIn(dir: string): Promise<GuestRecord | null> {
  const found = parseSealed(await readFile(join(dir, 'guest.json'), 'utf8').catch(() => ''));
  return found.ok ? (found.value as GuestRecord) : null;
}

function parsePids(text: string): readonly number[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter((pid) => typeof pid === 'number') : [];
  } catch {
    return [];
  }
}
