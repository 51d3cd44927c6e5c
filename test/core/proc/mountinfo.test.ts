import { expect, test } from 'vitest';
import { parseMountinfo } from '../../../src/core/proc/mountinfo.js';
import { captureText, container } from './fixtures.js';

test('mountinfo: blanks in names come back', () => {
  const mounts = parseMountinfo(captureText(container, 'proc/self/mountinfo'));
  expect(mounts.at(-1)).toMatchObject({
    root: '/srv/with blank',
    mountPoint: '/data/with blank',
    type: 'ext4',
  });
});
