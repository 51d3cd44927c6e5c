import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The one-file program: what is copied to the nodes and what mosd is started from. It stands beside whatever file of
 * dist/ this code was bundled into; run from the sources (tests) it is the one that was built last.
 */
export function programPath(env: NodeJS.ProcessEnv = process.env): string {
  const given = env['MOSKIT_PROGRAM'];
  if (given) return given;
  const here = fileURLToPath(import.meta.url);
  const folder = dirname(here);
  return basename(here).endsWith('.ts')
    ? join(folder, '..', 'dist', 'moskit.mjs')
    : join(folder, 'moskit.mjs');
}
