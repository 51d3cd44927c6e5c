// What waits for leases, powers machines off and on, or floods a mosd takes minutes: these run where CI is set, as .ci/run does.
export const longTests = [
  'test/lab/node-loss.test.ts',
  'test/lab/lost-jobs.test.ts',
  'test/lab/rescue.test.ts',
  'test/lab/omsh.test.ts',
  'test/lab/forced-command.test.ts',
  'test/lab/discovery.test.ts',
  'test/lab/stresstest.test.ts',
  'test/lab/demo.test.ts',
  'test/chaos/hammer.test.ts',
  'test/daemon/bad-peers.test.ts',
  'test/daemon/full-disk.test.ts',
];
