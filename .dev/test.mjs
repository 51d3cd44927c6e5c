// All tests, and one closing line that adds them up. In CI the types and the linter count as tests too.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { longTests } from './long-tests.mjs';

const folder = mkdtempSync(join(tmpdir(), 'moskit-test-'));
const report = join(folder, 'report.json');
const run = (program, args) => spawnSync(program, args, { stdio: 'inherit' }).status === 0;
const bin = (name) => join('node_modules', '.bin', name);

const checks = [{ name: 'types', ok: run(bin('tsc'), ['-p', 'tsconfig.json']) }];
if (process.env.CI) {
  checks.push({ name: 'linter', ok: run(bin('eslint'), ['-c', '.dev/eslint.config.js', '.']) });
  checks.push({ name: 'format', ok: run(bin('prettier'), ['--check', '--log-level=warn', '.']) });
}

const args = [
  'run',
  '--config',
  '.dev/vitest.config.ts',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
];
const vitest = spawnSync(bin('vitest'), [...args, ...process.argv.slice(2)], { stdio: 'inherit' });

let counted = { passed: 0, failed: 1, skipped: 0 };
let skips = [];
try {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  const broken = testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  counted = {
    passed: numPassedTests,
    failed: numFailedTests + broken,
    skipped: numPendingTests + numTodoTests,
  };
  skips = testResults.flatMap((file) =>
    file.assertionResults
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map(({ fullName }) => ({ file: file.name, name: fullName })),
  );
} catch (error) {
  console.error(`no report of the tests: ${error.message}`);
}
rmSync(folder, { recursive: true, force: true });

for (const { name, ok } of checks) {
  if (ok) counted.passed += 1;
  else {
    counted.failed += 1;
    console.error(`FAILED: ${name}`);
  }
}
// A run that broke off (an unhandled error, a worker that died) is no pass, whatever was counted.
if (vitest.status !== 0 && counted.failed === 0) counted.failed = 1;
if (skips.length > 0) console.error(`skipped:\n  ${skips.map(({ name }) => name).join('\n  ')}`);
const mayNotSkip = skips.filter(({ file }) => /test\/(lab|criu|fixtures\/lab)\//.test(file));
if (process.env.MOSKIT_LAB === 'required' && mayNotSkip.length > 0) {
  console.error('FAILED: lab and CRIU tests were skipped although MOSKIT_LAB=required');
  counted.failed += 1;
}
if (!process.env.CI)
  console.error(
    `left out, because they take minutes (CI=1 npm test runs them):\n  ${longTests.join('\n  ')}`,
  );
console.log(`${counted.passed} passed, ${counted.failed} failed, ${counted.skipped} skipped`);
process.exit(counted.failed === 0 && vitest.status === 0 ? 0 : 1);
