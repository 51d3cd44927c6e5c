import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fingerprintOf } from '../../../src/jobs/probe/fingerprint.js';

const dir = mkdtempSync(join(tmpdir(), 'moskit-fingerprint-'));
afterAll(() => rmSync(dir, { recursive: true }));
const idOf = async (path: string): Promise<string | null> => {
  const answer = await fingerprintOf(path);
  return answer.ok ? answer.fingerprint.id : null;
};

it('a program is known by its build id, the same for a copy', async () => {
  const copy = join(dir, 'copy');
  copyFileSync('/bin/ls', copy);
  expect(await idOf('/bin/ls')).toMatch(/^[0-9a-f]{16,}$/);
  expect(await idOf(copy)).toBe(await idOf('/bin/ls'));
});

it('other files are known by their content, looked at again when it changes', async () => {
  const path = join(dir, 'data');
  writeFileSync(path, 'abc');
  expect(await idOf(path)).toBe('sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  writeFileSync(path, 'abd');
  expect(await idOf(path)).not.toContain('ba7816bf');
});

it('what is missing or no file is a reason', async () => {
  expect(await fingerprintOf(join(dir, 'none'))).toEqual({
    ok: false,
    reason: `${join(dir, 'none')} can't be read: there is no such file`,
  });
  expect(await fingerprintOf(dir)).toEqual({ ok: false, reason: `${dir} is not a file` });
});
