import { join } from 'node:path';
import type { GuestRecord } from './record.js';

/** Names that describe the machine or the session at home and would mislead a job elsewhere. */
const staysAtHome =
  /^(SSH_(AUTH_SOCK|AGENT_PID|CONNECTION|CLIENT|TTY)|XDG_RUNTIME_DIR|DBUS_SESSION_BUS_ADDRESS|MOSKIT_DIR|MOSKIT_SSH_CONFIG|MOSKIT_JOB|MOSKIT_LOCK|TMPDIR|PWD|OLDPWD|_)=/;

/** The user's environment with the folder and the temporary folder of the job. */
export function jobEnvironment(record: Pick<GuestRecord, 'spec' | 'folder' | 'job'>): readonly string[] {
  return [
    ...record.spec.env.filter((pair) => !staysAtHome.test(pair)),
    `PWD=${record.folder.cwd}`,
    `TMPDIR=${join(record.folder.dir, 'tmp')}`,
    `MOSKIT_JOB=${record.job}`,
    // for `mosrun -k` in it
    ...(record.spec.lock ? ['MOSKIT_LOCK=1'] : []),
  ];
}
