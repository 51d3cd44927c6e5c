import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The built program: this file is bundled into dist/ beside it. */
export const program = join(dirname(fileURLToPath(import.meta.url)), 'moskit.mjs');
