import { describe, expect, test } from 'vitest';
import { parseCpuinfo } from '../../../src/core/proc/cpuinfo.js';
import { captureText, virtualMachine } from './fixtures.js';

describe('cpuinfo', () => {
  test('x86: model, count and flags', () => {
    const info = parseCpuinfo(captureText(virtualMachine, 'proc/cpuinfo'));
    expect(info).toMatchObject({ count: 2, model: 'AMD EPYC' });
    expect(info.flags).toContain('avx2');
  });

  test('arm: Features, and only those that all processors have', () => {
    const text = [
      'processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd aes sve\nCPU part\t: 0xd40\n',
      'processor\t: 1\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd aes\nCPU part\t: 0xd40\n',
    ].join('\n');
    expect(parseCpuinfo(text)).toEqual({ count: 2, model: null, flags: ['fp', 'asimd', 'aes'] });
  });
});
