// Bundles every entry point into dist/: one file each, so that a node needs one file and Node.js, nothing else.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';

/** What CommonJS packages (ssh2) expect to find in an ES module. */
const require_banner = [
  "import { createRequire as __createRequire } from 'node:module';",
  "import { fileURLToPath as __fileURLToPath } from 'node:url';",
  'const require = __createRequire(import.meta.url);',
  'const __filename = __fileURLToPath(import.meta.url);',
  "const __dirname = __fileURLToPath(new URL('.', import.meta.url));",
].join(' ');

/** ssh2 and ws try optional native add-ons and do without; ink tries react-devtools-core. They stay out of the bundle. */
const leaveOutNative = {
  name: 'leave-out-native',
  setup(b) {
    b.onResolve({ filter: /\.node$|^(cpu-features|bufferutil|utf-8-validate)$/ }, (a) => ({
      path: a.path,
      namespace: 'absent',
    }));
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

/** ink in the form that a CommonJS file can have: it waits for its layout engine, and for what it wants of a developer. */
const inkWithoutWaiting = {
  name: 'ink-without-waiting',
  setup(b) {
    b.onResolve({ filter: /^yoga-layout$/ }, () => ({ path: resolve('.dev/yoga-layout.mjs') }));
    b.onLoad({ filter: /ink\/build\/reconciler\.js$/ }, async ({ path }) => {
      const developers = /await (import\('\.\/devtools\.js'\)|loadPackageJson\(\))/g;
      return { contents: (await readFile(path, 'utf8')).replaceAll(developers, 'undefined') };
    });
  },
};

/** Polling brings SSH with it: mosmon --map is started from the whole program. */
const leaveOutPolling = {
  name: 'leave-out-polling',
  setup(b) {
    b.onResolve({ filter: /mosmon\/polled-source\.js$/ }, (a) => ({ path: a.path, namespace: 'absent' }));
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
  alias: { 'string-width': resolve('.dev/string-width.mjs') },
  plugins: [leaveOutNative],
};

/** Node.js starts a CommonJS file a tenth faster, and loads its own modules only where they are first needed. */
const asCommonJs = {
  format: 'cjs',
  // What runs from V8's compiled form has no loader for import().
  supported: { 'dynamic-import': false },
  define: { ...common.define, 'import.meta.url': 'importMetaUrl' },
  banner: { js: "const importMetaUrl = require('url').pathToFileURL(__filename).href;" },
  // The same parser without what reads configuration files: that would load half of Node.js.
  alias: { ...common.alias, 'yargs-parser': 'yargs-parser/browser' },
  plugins: [leaveOutNative, inkWithoutWaiting, leaveOutPolling],
};

const entries = [
  { in: 'src/main.ts', out: 'dist/moskit.mjs', shebang: true, minify: true },
  // What the fault tests bring to their lab: the only program whose steps can be made to fail.
  { in: 'src/main.ts', out: 'dist/moskit-with-faults.mjs', shebang: true, minify: true, faults: true },
  { in: 'src/tools.ts', out: 'dist/tools.cjs', minify: true, commonjs: true },
  { in: 'src/screen.ts', out: 'dist/screen.cjs', minify: true, commonjs: true },
  { in: 'fixtures/lab/main.ts', out: 'dist/lab.mjs' },
  { in: 'fixtures/demo/main.ts', out: 'dist/demo.mjs' },
  { in: 'test/bench/main.ts', out: 'dist/bench.mjs' },
  { in: 'test/chaos/main.ts', out: 'dist/chaos.mjs' },
];

const bundled = new Set();
for (const entry of entries) {
  if (!existsSync(entry.in)) continue;
  const staged = `${entry.out}.${process.pid}.tmp`;
  const { metafile } = await build({
    ...common,
    metafile: true,
    entryPoints: [entry.in],
    outfile: staged,
    define: { ...common.define, WITH_FAULTS: String(entry.faults ?? false) },
    minifyWhitespace: entry.minify ?? false,
    minifySyntax: entry.minify ?? false,
    ...(entry.commonjs
      ? { ...asCommonJs, define: { ...asCommonJs.define, WITH_FAULTS: 'false' } }
      : { banner: { js: (entry.shebang ? '#!/usr/bin/env node\n' : '') + require_banner } }),
  });
  if (entry.shebang) await chmod(staged, 0o755);
  if (entry.commonjs) await sign(staged);
  await rename(staged, entry.out);
  await writeFile(`${entry.out}.json`, JSON.stringify(metafile)); // what is in it, for test/bundle
  for (const input of Object.keys(metafile.inputs)) {
    const folder = /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(input)?.[0];
    if (folder) bundled.add(folder);
  }
}
for (const entry of entries) if (entry.commonjs) await compileAhead(basename(entry.out, '.cjs'));
await writeFile('dist/LICENSES', await licences(bundled));

/** The notices that come with every copy of what is bundled. */
async function licences(folders) {
  const texts = [...folders].sort().map(async (folder) => {
    const file = (await readdir(folder)).find((name) => /^licen[cs]e/i.test(name));
    const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
    const text = file ? await readFile(`${folder}/${file}`, 'utf8') : `License: ${license}`;
    return `${name} ${version}\n\n${text.trim()}\n`;
  });
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n`);
}

/** V8 takes a compiled form for fitting when the source is as long as it was: the digest tells better. */
async function sign(path) {
  const code = await readFile(path);
  await writeFile(path, `/*${createHash('sha256').update(code).digest('hex').slice(0, 32)}*/${code}`);
}

/** Leaves V8's compiled form of dist/NAME.cjs beside it, every function of it. */
async function compileAhead(name) {
  const { compile } = createRequire(import.meta.url)('../bin/start.js');
  setFlagsFromString('--no-lazy');
  const { digest, script, cachePath } = compile(name);
  setFlagsFromString('--lazy');
  const staged = `${cachePath}.${process.pid}.tmp`;
  await writeFile(staged, Buffer.concat([Buffer.from(digest, 'latin1'), script.createCachedData()]));
  await rename(staged, cachePath);
}
