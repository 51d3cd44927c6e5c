import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import { editChanges, editedAdmin, type MapEdit } from '../core/hpc/edit.js';
import type { HpcChange } from '../core/hpc/entry.js';
import { messageOf } from '../errors.js';
import type { Daemon } from './context.js';
import { setJob } from './handlers/jobs.js';
import { bring, expel, migrate } from './handlers/moves.js';
import { measureSpeed } from './measure-speed.js';

/** An editor may write a file in several goes; one that is left alone for so long is saved. */
const quietMs = 150;
const dayMs = 24 * 3600 * 1000;

/** Looks at hpc.json whenever its folder says that it changed. Where that can't be watched, the next write looks. */
export function watchMap(daemon: Daemon): FSWatcher | null {
  const { map: path } = daemon.paths;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    daemon.map.takeOverEdit().catch((error: unknown) => daemon.log.error(error));
  };
  try {
    const watcher = watch(dirname(path), { persistent: false }, (_, name) => {
      if (name !== basename(path)) return;
      clearTimeout(timer);
      timer = setTimeout(look, quietMs);
      timer.unref();
    });
    watcher.on('error', (error) => daemon.log.error(error));
    return watcher;
  } catch (error) {
    daemon.log.error(error);
    return null;
  }
}

/** hpc.json was edited and the edit is sound: it has the effect that setpe, mosctl and migrate have. */
export async function applyEdit(daemon: Daemon, edit: MapEdit): Promise<void> {
  const admin = editedAdmin(edit);
  await daemon.map.update((old) => ({ ...old, admin }), { durable: true });
  daemon.history.add({ event: 'edited', reason: `${daemon.paths.map} was changed by hand` });
  await daemon.reconfigure();
  if (admin.speed === null && edit.before.admin.speed !== null) measureSpeed(daemon);
  await Promise.all(editChanges(edit).map((change) => carryOut(daemon, change)));
}

async function carryOut(daemon: Daemon, change: HpcChange): Promise<void> {
  try {
    if (change.kind === 'job') await setJob(daemon, change);
    else if (change.kind === 'migrate') await move(daemon, change);
    else if (change.kind === 'sendHome')
      await (change.verb === 'bring' ? bring : expel)(daemon, { timeoutMs: dayMs });
  } catch (error) {
    tell(daemon, messageOf(error));
  }
}

async function move(daemon: Daemon, change: Extract<HpcChange, { kind: 'migrate' }>): Promise<void> {
  const outcome = await migrate(daemon, change);
  if (!outcome.moved) tell(daemon, `job ${outcome.job} stays on node ${outcome.where}: ${outcome.reason}`);
}

function tell(daemon: Daemon, reason: string): void {
  daemon.log.write(`an edit of ${daemon.paths.map}: ${reason}`);
  daemon.history.add({ event: 'edit failed', reason });
}
