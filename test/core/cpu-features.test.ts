import { expect, it } from 'vitest';
import { missingCpuFeatures, relevantCpuFeatures } from '../../src/core/cpu-features.js';

it('instructions that the target lacks are missing, whatever else it has', () => {
  const source = ['fpu', 'sse2', 'avx2', 'avx512f', 'constant_tsc', 'hypervisor'];
  expect(missingCpuFeatures(source, ['fpu', 'sse2', 'avx2', 'sha_ni'])).toEqual(['avx512f']);
  expect(missingCpuFeatures(source, source)).toEqual([]);
});

it('what only the kernel uses does not keep a job from moving', () => {
  expect(relevantCpuFeatures(['vmx', 'pti', 'tsc_deadline_timer', 'erms', 'xsaveopt', 'rdrand'])).toEqual([
    'erms',
    'xsaveopt',
    'rdrand',
  ]);
});
