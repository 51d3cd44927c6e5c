import { hostname, homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** Where one installation (one user on one machine) keeps its things. */
export interface Paths {
  readonly stateDir: string;
  readonly runtimeDir: string;
  /** hpc.json: the map. */
  readonly map: string;
  /** mosd's unix socket, 0600. */
  readonly socket: string;
  /** Where the mosd of this state folder listens: another XDG_RUNTIME_DIR (cron has none) names another socket. */
  readonly socketNote: string;
  readonly log: string;
  /** What happened: history.ndjson. */
  readonly history: string;
  /** Records of the jobs born here: homes/JOB/. */
  readonly homesDir: string;
  /** Records of the jobs that run here: guests/JOB/. */
  readonly guestsDir: string;
  /** Images kept for jobs, own and others': kept/JOB/. */
  readonly keptDir: string;
  /** Default folder of the jobs' own folders; its path must be the same on every node, so it is not below $HOME. */
  readonly jobsRoot: string;
}

const longestSocketPath = 100; // sun_path holds 108 bytes

/**
 * `MOSKIT_DIR` replaces the XDG folders. Without it the state folder carries the host name, because a home folder
 * is often shared by all machines of a lab while mosd is one per machine.
 */
export function resolvePaths(env: NodeJS.ProcessEnv = process.env): Paths {
  const uid = userInfo().uid;
  const own = env['MOSKIT_DIR'];
  const stateHome = env['XDG_STATE_HOME'] ?? join(env['HOME'] ?? homedir(), '.local', 'state');
  const stateDir = own ?? join(stateHome, 'moskit', hostname());
  const runtimeDir =
    own ?? (env['XDG_RUNTIME_DIR'] ? join(env['XDG_RUNTIME_DIR'], 'moskit') : join(stateDir, 'run'));
  return {
    stateDir,
    runtimeDir,
    map: join(stateDir, 'hpc.json'),
    socket: socketPath(join(runtimeDir, 'mosd.sock'), uid),
    socketNote: join(stateDir, 'mosd.socket'),
    log: join(stateDir, 'mosd.log'),
    history: join(stateDir, 'history.ndjson'),
    homesDir: join(stateDir, 'homes'),
    guestsDir: join(stateDir, 'guests'),
    keptDir: join(stateDir, 'kept'),
    jobsRoot: own ? join(own, 'jobs') : `/var/tmp/moskit-${uid}`,
  };
}

function socketPath(wanted: string, uid: number): string {
  if (Buffer.byteLength(wanted) <= longestSocketPath) return wanted;
  // Loaded only here: it would be a tenth of the start-up time of every tool.
  const { createHash } = process.getBuiltinModule('node:crypto');
  const digest = createHash('sha256').update(wanted).digest('hex').slice(0, 16);
  return join(tmpdir(), `moskit-run-${uid}`, `${digest}.sock`);
}
