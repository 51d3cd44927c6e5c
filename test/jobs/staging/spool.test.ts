import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSpoolWriter, punchDelivered, readSpool } from '../../../src/jobs/staging/spool.js';
import { newFolder, sh } from './trees.js';

async function newSpool(content?: string): Promise<string> {
  const path = join(await newFolder(), 'stdout');
  if (content !== undefined) await writeFile(path, content);
  return path;
}

describe('a spool writer', () => {
  it('takes what is new and ignores what it has', async () => {
    const path = await newSpool('01234');
    const writer = await openSpoolWriter(path);
    expect(writer.size).toBe(5);
    expect(await writer.write(3, Buffer.from('3456'))).toBe(7);
    expect(await writer.write(0, Buffer.from('XXX'))).toBe(7);
    expect(await writer.write(7, Buffer.from('789'))).toBe(10);
    expect(await writer.write(10, Buffer.alloc(0))).toBe(10);
    await writer.sync();
    await writer.close();
    expect(await readFile(path, 'utf8')).toBe('0123456789');
  });

  it('refuses to leave a gap, and goes on afterwards', async () => {
    const path = await newSpool();
    const writer = await openSpoolWriter(path);
    await expect(writer.write(1, Buffer.from('x'))).rejects.toThrow(
      `output is missing between 0 and 1 in ${path}`,
    );
    expect(await writer.write(0, Buffer.from('ok'))).toBe(2);
    await writer.close();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('writes through no link and to nothing but a file', async () => {
    const path = await newSpool();
    await symlink('/etc/moskit-was-here', path);
    await expect(openSpoolWriter(path)).rejects.toThrow(/ELOOP/);
    const dir = await newFolder();
    await mkdir(join(dir, 'd'));
    await expect(openSpoolWriter(join(dir, 'd'))).rejects.toThrow(/EISDIR/);
    sh(dir, 'mkfifo p');
    await expect(openSpoolWriter(join(dir, 'p'))).rejects.toThrow(/ENXIO/);
  });

  it('has every byte once and in its place, however often and in whatever pieces they come', async () => {
    const whole = Buffer.from(Array.from({ length: 200 }, (_, index) => index));
    const piece = fc.record({ back: fc.nat(40), length: fc.integer({ min: 1, max: 80 }), isGap: fc.nat(9) });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        const path = await newSpool();
        const writer = await openSpoolWriter(path);
        let reached = 0;
        const writes = pieces.map(({ back, length, isGap }) => {
          const offset = isGap === 0 ? reached + 1 : Math.max(0, reached - back);
          const written = writer.write(offset, whole.subarray(offset, offset + length));
          if (isGap === 0) return expect(written).rejects.toThrow(/missing/);
          reached = Math.max(reached, Math.min(200, offset + length));
          return written;
        });
        await Promise.all(writes);
        await writer.close();
        expect(await readFile(path)).toEqual(whole.subarray(0, reached));
      }),
      { numRuns: 50 },
    );
  });

  it.runIf(process.getuid?.() === 0)('can go on where it was when the disk has room again', async () => {
    const disk = await newFolder();
    sh('/', `mount -t tmpfs -o size=64k none '${disk}'`);
    try {
      await writeFile(join(disk, 'ballast'), Buffer.alloc(40_000));
      const writer = await openSpoolWriter(join(disk, 'stdout'));
      const output = Buffer.alloc(60_000, 'output ');
      await expect(writer.write(0, output)).rejects.toThrow(/ENOSPC/);
      sh(disk, 'rm ballast');
      expect(await writer.write(0, output)).toBe(60_000);
      await writer.close();
      expect(await readFile(join(disk, 'stdout'))).toEqual(output);
    } finally {
      sh('/', `umount '${disk}'`);
    }
  });
});

describe('readSpool', () => {
  it.each([
    [0, 300_000],
    [1, 299_999],
    [299_999, 1],
    [300_000, 0],
    [300_001, 0],
  ])('from %i gives %i bytes', async (from, length) => {
    const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
    const path = await newSpool();
    await writeFile(path, content);
    const chunks: Buffer[] = [];
    for await (const chunk of readSpool(path, from)) chunks.push(chunk);
    expect(Buffer.concat(chunks).length).toBe(length);
    expect(Buffer.concat(chunks).equals(content.subarray(from))).toBe(true);
  });
});

describe('punchDelivered', () => {
  it('gives space back, keeps the size and what was not delivered', async () => {
    const path = await newSpool();
    await writeFile(path, Buffer.alloc(1_000_000, 'x'));
    const could = await punchDelivered(path, 900_001);
    const { size, blocks } = await stat(path);
    expect(size).toBe(1_000_000);
    expect((await readFile(path)).subarray(900_001).equals(Buffer.alloc(99_999, 'x'))).toBe(true);
    if (could) expect(blocks * 512).toBeLessThan(200_000);
  });

  it('says no where it cannot', async () => {
    expect(await punchDelivered(join(await newFolder(), 'gone'), 10_000)).toBe(false);
  });
});
