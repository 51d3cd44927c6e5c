// Bundles every entry point into dist/: one file each, so that a node needs one file and Node.js, nothing else.
import { build } from 'esbuild';
import { existsSync } from 'node:fs';
import { chmod, rename } from 'node:fs/promises';

/** What CommonJS packages (ssh2) expect to find in an ES module. */
const require_banner = [
  "import { createRequire as __createRequire } from 'node:module';",
  "import { fileURLToPath as __fileURLToPath } from 'node:url';",
  'const require = __createRequire(import.meta.url);',
  'const __filename = __fileURLToPath(import.meta.url);',
  "const __dirname = __fileURLToPath(new URL('.', import.meta.url));",
].join(' ');

/** ssh2 tries optional native add-ons and falls back to node:crypto; ink tries react-devtools-core. Both stay out of the bundle. */
const leaveOutNative = {
  name: 'leave-out-native',
  setup(b) {
    b.onResolve({ filter: /\.node$|^cpu-features$/ }, (a) => ({ path: a.path, namespace: 'absent' }));
    b.onLoad({ filter: /.*/, namespace: 'absent' }, () => ({
      contents: "throw new Error('left out of the bundle')",
      loader: 'js',
    }));
    b.onResolve({ filter: /^react-devtools-core$/ }, (a) => ({ path: a.path, namespace: 'empty' }));
    b.onLoad({ filter: /.*/, namespace: 'empty' }, () => ({
      contents: 'export default { connectToDevTools() {} }',
      loader: 'js',
    }));
  },
};

const common = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  jsx: 'automatic',
  legalComments: 'none',
  logLevel: 'warning',
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
  plugins: [leaveOutNative],
};

/** Node.js starts a CommonJS file a tenth faster, and loads its own modules only where they are first needed. */
const asCommonJs = {
  format: 'cjs',
  define: { ...common.define, 'import.meta.url': 'importMetaUrl' },
  banner: { js: "const importMetaUrl = require('url').pathToFileURL(__filename).href;" },
  // The same parser without what reads configuration files: that would load half of Node.js.
  alias: { 'yargs-parser': 'yargs-parser/browser' },
};

const entries = [
  { in: 'src/main.ts', out: 'dist/moskit.mjs', shebang: true, minify: true },
  { in: 'src/tools.ts', out: 'dist/tools.cjs', minify: true, commonjs: true },
  { in: 'fixtures/lab/main.ts', out: 'dist/lab.mjs' },
  { in: 'fixtures/demo/main.ts', out: 'dist/demo.mjs' },
  { in: 'test/bench/main.ts', out: 'dist/bench.mjs' },
];

for (const entry of entries) {
  if (!existsSync(entry.in)) continue;
  const staged = `${entry.out}.${process.pid}.tmp`;
  await build({
    ...common,
    entryPoints: [entry.in],
    outfile: staged,
    minifyWhitespace: entry.minify ?? false,
    minifySyntax: entry.minify ?? false,
    ...(entry.commonjs
      ? asCommonJs
      : { banner: { js: (entry.shebang ? '#!/usr/bin/env node\n' : '') + require_banner } }),
  });
  if (entry.shebang) await chmod(staged, 0o755);
  await rename(staged, entry.out);
}
