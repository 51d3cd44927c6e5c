// Installs and builds what is missing, and does nothing when nothing is: the first step of every npm script.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`moskit needs Node.js 20.19 or newer; this is ${process.version}`);
  process.exit(1);
}

const installedLock = 'node_modules/.package-lock.json';
if (!existsSync(installedLock) || statSync(installedLock).mtimeMs < statSync('package-lock.json').mtimeMs) {
  console.error('moskit: installing dependencies (npm ci) …');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { stdio: ['ignore', 2, 2] });
}

const newest = (path) =>
  statSync(path).isDirectory()
    ? Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))))
    : statSync(path).mtimeMs;
const sources = [
  'src',
  'fixtures/lab',
  'fixtures/demo',
  'fixtures/embedded',
  'test/bench',
  'test/chaos',
  'test/faults',
  'test/fuzz',
  'test/model',
  'test/power-loss',
  'bin',
  '.dev',
  'package-lock.json',
];
const stamp = 'dist/.built';
const built = existsSync(stamp) && existsSync('dist/moskit.mjs') ? Number(readFileSync(stamp, 'utf8')) : 0;
const latest = Math.max(...sources.filter(existsSync).map(newest));
if (latest > built) {
  console.error('moskit: building …');
  mkdirSync('dist', { recursive: true });
  execFileSync(process.execPath, ['.dev/build.mjs'], { stdio: ['ignore', 2, 2] });
  writeFileSync(stamp, String(latest));
}
