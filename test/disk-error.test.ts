import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { diskTrouble, writeError } from '../src/disk-error.js';
import { MoskitError } from '../src/errors.js';
import { canMount, smallDisk, tempFolder } from './state/temp-folder.js';

const failed = (write: Promise<unknown>): Promise<unknown> =>
  write.then(
    () => null,
    (error: unknown) => error,
  );

test.runIf(canMount)('a full disk is named by where it is mounted, with what to do about it', async () => {
  const disk = await smallDisk(64);
  await mkdir(join(disk, 'deep', 'folder'), { recursive: true });
  const path = join(disk, 'deep', 'folder', 'not', 'there');
  const error = await failed(writeFile(join(disk, 'big'), Buffer.alloc(100_000)));
  expect(writeError(`cannot write ${path}`, path, error)).toMatchObject({
    message: `cannot write ${path}: no space is left (ENOSPC) on ${disk}`,
    hint: `free space on ${disk}, then do it again; nothing need be restarted`,
  });
});

test.runIf(canMount)('so is one that became read-only', async () => {
  const disk = await smallDisk(64);
  execFileSync('mount', ['-n', '-o', 'remount,ro', disk]);
  const error = await failed(writeFile(join(disk, 'file'), 'x'));
  expect(writeError('cannot write', disk, error)).toMatchObject({
    message: `cannot write: it is read-only (EROFS) on ${disk}`,
    hint: expect.stringMatching(`make ${disk} writable again`) as unknown,
  });
});

test('any other failure says what it is, and is no trouble of the disk', async () => {
  const folder = await tempFolder();
  const error = await failed(writeFile(folder, 'x'));
  expect(diskTrouble(error)).toBeNull();
  const told = writeError(`cannot write ${folder}`, folder, error);
  expect(told.message).toMatch(/^cannot write .*: EISDIR/);
  expect(told.hint).toBeUndefined();
});

test('the trouble is seen through the errors that are wrapped around it', () => {
  const inner = Object.assign(new Error('full'), { code: 'ENOSPC' });
  expect(diskTrouble(new MoskitError('outer', { cause: new MoskitError('middle', { cause: inner }) }))).toBe(
    'ENOSPC',
  );
});
