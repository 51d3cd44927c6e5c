import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { readStartTicks } from '../../jobs/process-tree.js';
import { loadJsonFile, saveJsonFile } from '../../state/json-file.js';
import type { Log } from '../log.js';

/**
 * Looks at the leases once a second, with nothing but sh, because it must outlive mosd and cost nothing. When one is over,
 * it starts `moskit lapse`, which stops the guest and stays until it may go on or is gone. Ends when there are no leases.
 */
const script = `
while :; do
  any= over=
  read -r up rest </proc/uptime
  now=\${up%.*}\${up#*.}
  for lease in "$1"/*/lease; do
    [ -f "$lease" ] || continue
    any=1
    until=
    read -r until <"$lease" 2>/dev/null
    case $until in ''|*[!0-9]*) over=1; continue;; esac
    [ "$now" -lt "$until" ] || over=1
  done
  if [ -z "$any" ]; then
    # Whoever grants one now finds no note and starts another; whoever did so before is seen here.
    mv -f "$5" "$5.leaving" 2>/dev/null
    for lease in "$1"/*/lease; do [ ! -f "$lease" ] || any=1; done
    [ -n "$any" ] || { rm -f "$5.leaving"; exit 0; }
    mv -n "$5.leaving" "$5" 2>/dev/null
  fi
  [ -z "$over" ] || "$2" "$3" lapse "$1" "$4"
  sleep 1
done`;

export interface Warden {
  /** Starts it unless it runs. */
  ensure(): void;
}

export function createWarden(options: {
  readonly guestsDir: string;
  readonly historyPath: string;
  readonly program: string;
  readonly log: Log;
}): Warden {
  const { guestsDir, historyPath, program, log } = options;
  const note = join(dirname(guestsDir), 'warden.json');
  const start = async (): Promise<void> => {
    if (await runs(note)) return;
    const child = spawn(
      'sh',
      ['-c', script, 'moskit-warden', guestsDir, process.execPath, program, historyPath, note],
      { detached: true, stdio: 'ignore', cwd: '/' },
    );
    child.on('error', (error) => log.error(error));
    child.unref();
    if (child.pid === undefined) return;
    const startTicks = await readStartTicks(child.pid);
    await saveJsonFile(note, { pid: child.pid, startTicks }, { durable: false });
  };
  let last: Promise<void> = Promise.resolve();
  return {
    ensure: () => {
      last = last.then(start).catch((error: unknown) => log.error(error));
    },
  };
}

async function runs(note: string): Promise<boolean> {
  const noted = await loadJsonFile(note);
  if (noted.kind !== 'ok') return false;
  const { pid, startTicks } = noted.value as { readonly pid?: unknown; readonly startTicks?: unknown };
  return typeof pid === 'number' && (await readStartTicks(pid)) === startTicks;
}
