import { shellJoin } from './shell-quote.js';

export interface ServiceOptions {
  /** Words that run moskit; `service start` and `service stop` come behind them. */
  readonly program: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** For all users' boot, not for one user's login. */
  readonly isSystem: boolean;
  /** Whose it is, with a system unit. */
  readonly uid: number;
  readonly stopSeconds: number;
}

/** A unit for systemd: at start mosd is there, at the end guests are sent home and own jobs fetched before anything is killed. */
export function systemdUnit(options: ServiceOptions): string {
  const { program, env, isSystem, uid, stopSeconds } = options;
  // /run/user/UID is made by another unit at boot, and goes when it ends.
  const runtime = isSystem && env['XDG_RUNTIME_DIR'] ? ` user-runtime-dir@${uid}.service` : '';
  const order = isSystem
    ? `Wants=network-online.target${runtime}\nAfter=network-online.target${runtime}\n`
    : '';
  const settings = Object.entries(env).map(
    ([name, value]) => `Environment=${unitWord(`${name}=${value}`)}\n`,
  );
  const run = (verb: string): string => [...program, 'mosctl', 'service', verb].map(unitWord).join(' ');
  return (
    `[Unit]\nDescription=moskit: jobs that move between machines\n${order}` +
    `\n[Service]\nType=oneshot\nRemainAfterExit=yes\n${settings.join('')}` +
    `ExecStart=${run('start')}\nExecStop=${run('stop')}\n` +
    // Jobs outlive mosd; a job that could not leave is not killed before the machine itself goes down.
    `KillMode=process\nTimeoutStopSec=${stopSeconds}\n` +
    `\n[Install]\nWantedBy=${isSystem ? 'multi-user' : 'default'}.target\n`
  );
}

/** In quotes, with systemd's specifiers and variables out of force. */
function unitWord(word: string): string {
  const plain = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(plain)) return plain;
  return `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** The same for a machine without systemd: a script of /etc/init.d, run by root. */
export function initScript({ program, env }: ServiceOptions): string {
  const run = (verb: string): string =>
    shellJoin(['env', ...Object.entries(env).map(([name, value]) => `${name}=${value}`), ...program]) +
    ` mosctl service ${verb}`;
  return `#!/bin/sh
### BEGIN INIT INFO
# Provides:          moskit
# Required-Start:    $remote_fs $network
# Required-Stop:     $remote_fs $network
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: moskit: jobs that move between machines
### END INIT INFO
case "$1" in
  start) ${run('start')} ;;
  stop) ${run('stop')} ;;
  restart|force-reload) "$0" stop; "$0" start ;;
  status) ${run('status')} ;;
  *) echo "usage: $0 start|stop|restart|status" >&2; exit 2 ;;
esac
`;
}
