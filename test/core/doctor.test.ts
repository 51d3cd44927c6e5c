import { describe, expect, test } from 'vitest';
import { examine, type NodeFacts } from '../../src/core/doctor.js';

const home: NodeFacts = {
  version: '1.2.0',
  protocol: 3,
  uid: 1000,
  user: 'ana',
  nowMs: 10_000,
  mospe: 1,
  mapHash: 'aa',
  freeKib: 10_000_000,
  noCriu: null,
};
const asked = (change: Partial<NodeFacts>) => ({
  facts: { ...home, mospe: 2, ...change },
  fromMs: 9_500,
  toMs: 10_500,
});

describe('a node that answered', () => {
  test('is good when nothing is wrong', () => expect(examine(2, asked({}), home)).toEqual([]));

  test.each<[Partial<NodeFacts>, string, string]>([
    [{ protocol: 4, version: '2.0.0' }, 'error', 'it speaks protocol 4, home speaks 3'],
    [{ version: '1.3.0' }, 'warning', 'it runs moskit 1.3.0, home runs 1.2.0'],
    [{ mapHash: null, mospe: 0 }, 'warning', 'it has no map: it takes in jobs, but starts none of its own'],
    [{ mapHash: 'bb' }, 'error', 'its map is another one'],
    [{ mospe: 3 }, 'error', 'it takes itself for node 3'],
    [{ nowMs: 70_500 }, 'warning', 'its clock is 60 s ahead'],
    [{ nowMs: -50_500 }, 'warning', 'its clock is 60 s behind'],
    [
      { uid: 1001 },
      'warning',
      'you are user 1001 (ana) there and 1000 (ana) at home: files have other owners',
    ],
    [{ noCriu: 'not installed' }, 'warning', 'CRIU moves no job there: not installed'],
    [{ freeKib: 10_240 }, 'error', 'only 10 MiB of disk are free for jobs'],
  ])('with %j has one finding, and how to mend it', (change, kind, what) => {
    const findings = examine(2, asked(change), home);
    expect(findings).toEqual([{ kind, what, mend: expect.stringMatching(/./) as unknown }]);
  });

  test('took its time to answer: that is no fault of its clock', () => {
    const slow = { facts: { ...home, mospe: 2, nowMs: 9_000 }, fromMs: 1_000, toMs: 17_000 };
    expect(examine(2, slow, home)).toEqual([]);
  });
});
