import { open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { formatLine } from '../../src/state/journal-lines.js';
import { openJournal } from '../../src/state/journal.js';
import { canMount, smallDisk, tempFolder } from './temp-folder.js';

interface Step {
  readonly step: number;
  readonly text?: string;
}

function parseStep(value: unknown): Step {
  if (typeof value !== 'object' || value === null || typeof Reflect.get(value, 'step') !== 'number') {
    throw new Error('not a step');
  }
  return value as Step;
}

const steps: readonly Step[] = [
  { step: 1 },
  { step: 2, text: 'ü\n"quoted"' },
  { step: 3, text: '' },
  { step: 4 },
];
const whole = steps.map(formatLine).join('');
const nowMs = Date.UTC(2030, 0, 2, 3, 4, 5);

describe('an append that fails and can not be taken back', () => {
  test('is cut off before anything else is appended, and until then nobody is told that it is not there', async () => {
    const path = join(await tempFolder(), 'journal');
    const journal = await openJournal(path, parseStep);
    await journal.append({ step: 1 });
    const file = await open(path);
    const sync = vi.spyOn(Object.getPrototypeOf(file) as typeof file, 'datasync');
    await file.close();
    sync.mockRejectedValue(new Error('EIO'));
    await expect(journal.append({ step: 2 })).rejects.toThrow('cannot append');
    await expect(journal.settle()).rejects.toThrow("can't be made sure of");
    sync.mockRestore();
    await expect(journal.settle()).resolves.toBeUndefined();
    await journal.append({ step: 3 });
    expect(journal.entries).toEqual([{ step: 1 }, { step: 3 }]);
    expect((await openJournal(path, parseStep)).entries).toEqual(journal.entries);
  });
});

describe('openJournal', () => {
  test('has what was appended, in order, after opening it anew', async () => {
    const path = join(await tempFolder(), 'journal');
    const journal = await openJournal(path, parseStep);
    await Promise.all(steps.map((step) => journal.append(step)));
    expect(journal.entries).toEqual(steps);
    const again = await openJournal(path, parseStep);
    expect(again.entries).toEqual(steps);
    expect(again.damage).toBeNull();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('an absent file is an empty journal and stays absent until something is appended', async () => {
    const folder = await tempFolder();
    const journal = await openJournal(join(folder, 'journal'), parseStep);
    expect(journal.entries).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('an entry is on the disk before it is said to be appended', async () => {
    const folder = await tempFolder();
    const path = join(folder, 'journal');
    const journal = await openJournal(path, parseStep);
    const handle = await open(folder);
    const prototype = Object.getPrototypeOf(handle) as { datasync: () => Promise<void> };
    await handle.close();
    const atSync: string[] = [];
    const spy = vi.spyOn(prototype, 'datasync').mockImplementation(async () => {
      atSync.push(await readFile(path, 'utf8'));
      expect(journal.entries).toEqual([]);
    });
    await journal.append({ step: 1 }).finally(() => spy.mockRestore());
    expect(atSync).toEqual([formatLine({ step: 1 })]);
  });

  test('every line is JSON', () => {
    for (const line of whole.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('entry');
  });

  test('cut off at any byte, it has all entries before the cut, keeps the rest aside and goes on', async () => {
    const bytes = Buffer.from(whole);
    const ends = steps.map((_, n) =>
      Buffer.byteLength(
        steps
          .slice(0, n + 1)
          .map(formatLine)
          .join(''),
      ),
    );
    const folder = await tempFolder();
    for (let length = 0; length <= bytes.length; length++) {
      const path = join(folder, `journal-${length}`);
      await writeFile(path, bytes.subarray(0, length));
      const expected = ends.filter((end) => end <= length).length;
      const good = expected === 0 ? 0 : ends[expected - 1]!;

      const journal = await openJournal(path, parseStep, { nowMs });
      expect(journal.entries).toEqual(steps.slice(0, expected));
      if (length === good) {
        expect(journal.damage).toBeNull();
      } else {
        const keptAs = `${path}.damaged-20300102T030405Z`;
        const reason = 'it was written only in part';
        expect(journal.damage).toEqual({ line: expected + 1, reason, torn: true, keptAs });
        expect(await readFile(keptAs)).toEqual(bytes.subarray(good, length));
      }
      await journal.append({ step: 99 });
      const again = await openJournal(path, parseStep);
      expect(again.entries).toEqual([...steps.slice(0, expected), { step: 99 }]);
      expect(again.damage).toBeNull();
    }
  });

  test('a flipped bit anywhere is noticed: nothing goes on from there, and the file is left as it is', async () => {
    const bytes = Buffer.from(whole);
    const path = join(await tempFolder(), 'journal');
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(7), async (at, bit) => {
        const flipped = Buffer.from(bytes);
        flipped[at]! ^= 1 << bit;
        await writeFile(path, flipped);
        const journal = await openJournal(path, parseStep);
        expect(journal.damage).toMatchObject({ torn: false, keptAs: path });
        expect(steps.slice(0, journal.entries.length)).toEqual(journal.entries);
        await expect(journal.append({ step: 99 })).rejects.toThrow(`the journal ${path} is damaged in line`);
        expect(await readFile(path)).toEqual(flipped);
      }),
    );
  });

  test.each([
    ['no json at all\n', 'it is no line of a journal'],
    [formatLine({ step: 2 }).replace('"step":2', '"step":3'), 'its checksum is wrong'],
    [formatLine('x'), 'not a step'],
    ['\n', 'it is no line of a journal'],
  ])('%j is where it ends: %s', async (line, reason) => {
    const path = join(await tempFolder(), 'journal');
    await writeFile(path, `${formatLine({ step: 1 })}${line}${formatLine({ step: 5 })}`);
    const journal = await openJournal(path, parseStep);
    expect(journal.entries).toEqual([{ step: 1 }]);
    expect(journal.damage).toEqual({ line: 2, reason, torn: false, keptAs: path });
  });

  test('one that is far too large is left as it is', async () => {
    const path = join(await tempFolder(), 'journal');
    await writeFile(path, whole);
    const journal = await openJournal(path, parseStep, { limitBytes: 10 });
    expect(journal.entries).toEqual([]);
    expect(await readFile(journal.damage!.keptAs, 'utf8')).toBe(whole);
    await expect(journal.append({ step: 1 })).rejects.toThrow('too many for a journal');
  });

  test('an entry that is no JSON is refused and counts for nothing', async () => {
    const path = join(await tempFolder(), 'journal');
    const journal = await openJournal(path, parseStep);
    const circular: { step: number; self?: unknown } = { step: 7 };
    circular.self = circular;
    await expect(journal.append(circular as Step)).rejects.toThrow();
    await journal.append({ step: 8 });
    expect((await openJournal(path, parseStep)).entries).toEqual([{ step: 8 }]);
  });

  test.runIf(canMount)(
    'on a full disk an append fails as a whole, and works again when there is room',
    async () => {
      const folder = await smallDisk(64);
      const path = join(folder, 'journal');
      const journal = await openJournal(path, parseStep);
      await journal.append({ step: 1 });
      await writeFile(join(folder, 'filler'), Buffer.alloc(48 * 1024));
      await expect(journal.append({ step: 2, text: 'x'.repeat(60_000) })).rejects.toThrow(
        `cannot append to the journal ${path}: no space is left (ENOSPC) on ${folder}`,
      );
      expect(journal.entries).toEqual([{ step: 1 }]);
      expect(await readFile(path, 'utf8')).toBe(formatLine({ step: 1 }));
      await rm(join(folder, 'filler'));
      await journal.append({ step: 3 });
      expect((await openJournal(path, parseStep)).entries).toEqual([{ step: 1 }, { step: 3 }]);
    },
  );
});
