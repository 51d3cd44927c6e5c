import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imagesToKeep, isCheckpoint, sealedPrefix, type Checkpoint } from '../../src/core/checkpoint.js';
import { anImage } from '../image-fixture.js';

describe('the record of an image', () => {
  it('is taken for one as it was written, also without files in place', () => {
    expect(isCheckpoint(JSON.parse(JSON.stringify(anImage())))).toBe(true);
    const { inPlace, ...earlier } = anImage();
    expect(inPlace).toHaveLength(1);
    expect(isCheckpoint(earlier)).toBe(true);
  });

  const mac = 'ab'.repeat(32);
  it.each([
    ['no number', { sequence: '3' }],
    ['no whole number', { sequence: 1.5 }],
    ['a sequence before the first', { sequence: 0 }],
    ['no generation', { generation: undefined }],
    ['a driver that makes no images', { driver: 'restart' }],
    ['a moment that no date can name', { atMs: 1e300 }],
    ['bytes below nothing', { bytes: -1 }],
    ['no node', { keeper: 'home' }],
    ['no job', { job: '../../etc' }],
    ['output that is missing', { output: { stdout: 1 } }],
    ['a MAC that is too short', { macs: { job: mac, image: mac.slice(1) } }],
    ['a MAC that is a list of one', { macs: { job: [mac], image: mac } }],
    ['a MAC with a line after it', { macs: { job: `${mac}\n`, image: mac } }],
    ['files in place without a size', { inPlace: [{ path: '/x' }] }],
    ['files in place that are no list', { inPlace: { length: 0 } }],
  ])('is not: %s', (_, change) => {
    expect(isCheckpoint({ ...anImage(), ...change })).toBe(false);
  });

  it('is no garbage, and garbage does not make it throw', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(isCheckpoint(value)).toBe(false);
      }),
    );
    const names = Object.keys(anImage()) as (keyof Checkpoint)[];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.anything(), (name, value) => {
        expect(typeof isCheckpoint({ ...anImage(), [name]: value })).toBe('boolean');
      }),
    );
  });
});

describe('what a MAC begins with', () => {
  it('differs whenever anything differs that the image belongs to', () => {
    const changes = [
      {},
      { job: '1-5' },
      { generation: 4 },
      { sequence: 8 },
      { driver: 'app' },
    ] as readonly Partial<Checkpoint>[];
    const prefixes = changes.flatMap((change) =>
      ['job', 'image'].map((part) => sealedPrefix({ ...anImage(), ...change }, part)),
    );
    expect(new Set(prefixes).size).toBe(prefixes.length);
  });

  it('can not be made to mean another image by numbers that run together', () => {
    expect(sealedPrefix({ ...anImage(), generation: 1, sequence: 11 }, 'job')).not.toBe(
      sealedPrefix({ ...anImage(), generation: 11, sequence: 1 }, 'job'),
    );
  });
});

it('the two newest images stay', () => {
  expect(imagesToKeep([3, 9, 10, 1])).toEqual([10, 9]);
  expect(imagesToKeep([7])).toEqual([7]);
});
