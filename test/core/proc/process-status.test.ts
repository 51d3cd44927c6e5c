import { describe, expect, test } from 'vitest';
import {
  parseProcessStatus,
  statusKib,
  statusNamespacePids,
  statusUids,
} from '../../../src/core/proc/process-status.js';
import { captureText, virtualMachine } from './fixtures.js';

describe('parseProcessStatus', () => {
  const status = parseProcessStatus(captureText(virtualMachine, 'proc/300/status'));

  test('has each field by its name', () => {
    expect(status.get('Name')).toBe('sleep');
    expect(status.get('Threads')).toBe('1');
    expect(status.get('Cpus_allowed_list')).toBe('0-1');
  });

  test('gives memory in KiB, and null where there is none', () => {
    expect(statusKib(status, 'VmRSS')).toBeGreaterThan(100);
    expect(statusKib(parseProcessStatus('Name:\tkthreadd\n'), 'VmRSS')).toBeNull();
  });

  test('lists uids and the PIDs of all namespaces', () => {
    expect(statusUids(status)).toEqual([0, 0, 0, 0]);
    expect(statusNamespacePids(parseProcessStatus('NSpid:\t412\t7\t1\n'))).toEqual([412, 7, 1]);
    expect(statusNamespacePids(parseProcessStatus(''))).toEqual([]);
  });
});
