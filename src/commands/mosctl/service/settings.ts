import { resolve } from 'node:path';

/** What a program started by cron or init needs to know, to find the same mosd as the user's shell does. */
export function settingsOf(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const folder = env['MOSKIT_DIR'];
  const kept = ['XDG_STATE_HOME', 'XDG_RUNTIME_DIR', 'MOSKIT_SSH_CONFIG', 'MOSKIT_PROGRAM'] as const;
  return {
    ...(folder ? { MOSKIT_DIR: resolve(folder) } : {}),
    ...Object.fromEntries(kept.flatMap((name) => (env[name] ? [[name, env[name]]] : []))),
  };
}
