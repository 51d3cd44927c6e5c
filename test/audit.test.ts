import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const repository = dirname(dirname(fileURLToPath(import.meta.url)));

interface Audit {
  readonly metadata?: { readonly vulnerabilities: { readonly total: number } };
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string }>>;
}

/** Asks the registry, once and not for long: without an answer there is nothing to say. */
function audit(): Audit | null {
  const { stdout } = spawnSync('npm', ['audit', '--json', '--fetch-retries=0', '--fetch-timeout=8000'], {
    cwd: repository,
    encoding: 'utf8',
    timeout: 20_000,
  });
  try {
    const answer = JSON.parse(stdout) as Audit;
    return answer.metadata ? answer : null;
  } catch {
    return null;
  }
}

it('npm audit knows of no hole in what is installed', (context) => {
  const answer = audit();
  if (!answer) context.skip('the registry does not answer npm audit here');
  const known = Object.entries(answer?.vulnerabilities ?? {}).map(
    ([name, { severity }]) => `${name}: ${severity}`,
  );
  expect(known).toEqual([]);
  expect(answer?.metadata?.vulnerabilities.total).toBe(0);
});
