import { createHmac } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../../src/core/checkpoint.js';
import {
  forgetCheckpoint,
  isSameMac,
  loadCheckpoints,
  loadImageKey,
  macOf,
  saveCheckpoint,
} from '../../../src/daemon/home/checkpoint-store.js';
import { anImage } from '../../image-fixture.js';
import { newFolder } from '../../jobs/staging/trees.js';

describe('the key of the MACs', () => {
  it('is made once, and nobody else may read it', async () => {
    const dir = await newFolder();
    const [first, second] = [await loadImageKey(dir), await loadImageKey(dir)];
    expect(first.length).toBe(32);
    expect(second).toEqual(first);
    expect(statSync(join(dir, 'image-key')).mode & 0o777).toBe(0o600);
    expect(await loadImageKey(await newFolder())).not.toEqual(first);
  });

  it('that is damaged is kept aside, and another one made', async () => {
    const dir = await newFolder();
    await loadImageKey(dir);
    const path = join(dir, 'image-key');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/[0-9a-f]{8}/, 'ffffffff'));
    expect((await loadImageKey(dir)).length).toBe(32);
    expect(readdirSync(dir).some((name) => name.startsWith('image-key.damaged'))).toBe(true);
  });
});

describe('the MAC of an image', () => {
  const key = Buffer.alloc(32, 7);
  const bytes = Buffer.from('the memory of a process');
  const over = (image: Checkpoint, part: string, content = bytes, of = key): string => {
    const mac = macOf(of, image, part);
    for (const byte of content) mac.take(Buffer.from([byte]));
    return mac.hex();
  };

  it('is an HMAC-SHA256 over what it belongs to and its bytes, in whatever pieces they come', () => {
    const whole = createHmac('sha256', key).update('moskit image 1\n1-4\n3\n7\ncriu\njob\n').update(bytes);
    expect(over(anImage(), 'job')).toBe(whole.digest('hex'));
  });

  it('is another one for another job, generation, number, driver, part, key and one flipped bit', () => {
    const flipped = Buffer.from(bytes);
    flipped[5]! ^= 1;
    const macs = [
      over(anImage(), 'job'),
      over(anImage({ job: '1-5' }), 'job'),
      over(anImage({ generation: 4 }), 'job'),
      over(anImage({ sequence: 8 }), 'job'),
      over(anImage({ driver: 'app' }), 'job'),
      over(anImage(), 'image'),
      over(anImage(), 'job', bytes, Buffer.alloc(32, 8)),
      over(anImage(), 'job', flipped),
      over(anImage(), 'job', bytes.subarray(1)),
    ];
    expect(new Set(macs).size).toBe(macs.length);
    for (const mac of macs.slice(1)) expect(isSameMac(macs[0]!, mac)).toBe(false);
    expect(isSameMac(macs[0]!, over(anImage(), 'job'))).toBe(true);
    expect(isSameMac(macs[0]!, macs[0]!.slice(1))).toBe(false);
  });
});

describe('what home knows of the images of a job', () => {
  it('is read newest first; a folder that is missing has none', async () => {
    const dir = await newFolder();
    for (const sequence of [9, 10, 8]) await saveCheckpoint(dir, anImage({ sequence }));
    await forgetCheckpoint(dir, 8);
    await forgetCheckpoint(dir, 8);
    expect(await loadCheckpoints(dir)).toEqual([anImage({ sequence: 10 }), anImage({ sequence: 9 })]);
    expect(statSync(join(dir, 'checkpoint-9.json')).mode & 0o777).toBe(0o600);
    expect(await loadCheckpoints(join(dir, 'gone'))).toEqual([]);
  });

  it.each([
    ['damaged', (text: string) => text.replace(/"keeper":\s*2/, '"keeper":3')],
    ['cut off', (text: string) => text.slice(0, 60)],
    ['no record of an image', () => '{"sequence":9}'],
  ])('a record that is %s is kept aside, and its image not used', async (_, harm) => {
    const dir = await newFolder();
    for (const sequence of [8, 9]) await saveCheckpoint(dir, anImage({ sequence }));
    const path = join(dir, 'checkpoint-9.json');
    writeFileSync(path, harm(readFileSync(path, 'utf8')));
    expect((await loadCheckpoints(dir)).map(({ sequence }) => sequence)).toEqual([8]);
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(dir).some((name) => name.startsWith('checkpoint-9.json.damaged'))).toBe(true);
  });

  it('a record under the name of another one does not count', async () => {
    const dir = await newFolder();
    await saveCheckpoint(dir, anImage({ sequence: 9 }));
    writeFileSync(join(dir, 'checkpoint-12.json'), readFileSync(join(dir, 'checkpoint-9.json')));
    expect((await loadCheckpoints(dir)).map(({ sequence }) => sequence)).toEqual([9]);
  });
});
