import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../../errors.js';

export interface Place {
  readonly kind: 'system unit' | 'user unit' | 'init script';
  readonly path: string;
  /** Where links that start it at boot are made (init script only). */
  readonly root: string;
}

/** MOSKIT_ROOT stands for / in tests. */
export function servicePlace(env: NodeJS.ProcessEnv, uid: number): Place {
  const root = env['MOSKIT_ROOT'] ?? '/';
  const hasSystemd = existsSync(join(root, 'run/systemd/system'));
  if (hasSystemd && uid === 0)
    return { kind: 'system unit', path: join(root, 'etc/systemd/system/moskit.service'), root };
  if (hasSystemd) {
    const config = env['XDG_CONFIG_HOME'] ?? join(env['HOME'] ?? homedir(), '.config');
    return { kind: 'user unit', path: join(config, 'systemd/user/moskit.service'), root };
  }
  if (uid === 0) return { kind: 'init script', path: join(root, 'etc/init.d/moskit'), root };
  throw new UsageError('there is no systemd here, and only root may install an init script', {
    hint: 'mosd starts by itself with the first command; mosctl cron install balances now and then',
  });
}
