import { execFile } from 'node:child_process';
import { arch } from 'node:os';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ioUringDenyingFilter } from '../../src/core/seccomp-filter.js';
import { filterLoaders } from '../../src/jobs/seccomp-loaders.js';

const run = promisify(execFile);
const filter = ioUringDenyingFilter(arch());
const loaders = filter && process.getuid?.() === 0 ? filterLoaders(filter, arch()) : [];
const there = await Promise.all(
  loaders.map(async (words) => {
    const probe =
      words[0] === 'sh' ? 'setpriv --help | grep -q -e --seccomp-filter' : `command -v ${words[0]}`;
    return run('sh', ['-c', probe]).then(
      () => true,
      () => false,
    );
  }),
);

const tryIoUring =
  'import ctypes; c = ctypes.CDLL(None, use_errno=True); c.syscall(425, 8, 0); print(ctypes.get_errno())';

describe('a loader of the filter', () => {
  it.each(loaders.filter((_, index) => there[index]))(
    'hands over the command and denies io_uring only: %s',
    async (...words) => {
      const all = [...words, 'python3', '-c', tryIoUring];
      expect((await run(all[0]!, all.slice(1))).stdout).toBe('38\n');
      const wicked = ['-n', 'a b', "'", '$x', ''];
      const echo = [...words, 'printf', '<%s>', ...wicked];
      expect((await run(echo[0]!, echo.slice(1))).stdout).toBe(wicked.map((word) => `<${word}>`).join(''));
    },
  );

  it.each(loaders.filter((_, index) => there[index]))(
    'leaves signals at their defaults: %s',
    async (...words) => {
      const all = [...words, 'grep', '-E', '^Sig(Ign|Blk)', '/proc/self/status'];
      expect((await run(all[0]!, all.slice(1))).stdout).toMatch(/^SigBlk:\s0{16}\nSigIgn:\s0{16}\n$/);
    },
  );
});
