import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { getKept, keepOnly, listKept, putKept } from '../../../src/daemon/guest/kept.js';
import { guestKey } from '../../../src/daemon/guest/record.js';
import type { GuestContext } from '../../../src/daemon/guest/service.js';
import { newTicket } from '../../../src/daemon/channel-tickets.js';
import { aNode, home, type TestNode } from './guest-fixture.js';

const job = '1-4';

/** The other end of a channel that the next request takes. */
function channelTo(context: GuestContext) {
  const [ours, theirs] = duplexPair();
  const ticket = newTicket();
  theirs.on('error', () => undefined); // as the server does with every channel
  context.tickets.arrive(ticket, theirs);
  return { ticket, ours, theirs };
}

async function put(context: GuestContext, sequence: number, text: string, limitBytes = 1e6): Promise<number> {
  const { ticket, ours } = channelTo(context);
  ours.on('error', () => undefined);
  ours.end(text);
  return (await putKept(context, home, { job, sequence, part: 'job', ticket, limitBytes })).bytes;
}

const filesOf = ({ dir }: TestNode): readonly string[] => {
  const kept = join(dir, 'kept', guestKey(job, home.cluster));
  return existsSync(kept) ? readdirSync(kept).sort() : [];
};

describe('an image that a node keeps', () => {
  it('comes back as it was put there, from a file that nobody else may read', async () => {
    const node = aNode();
    const context = await node.context();
    expect(await put(context, 1, 'some bytes')).toBe(10);
    expect(statSync(join(node.dir, 'kept', guestKey(job, home.cluster), '1.job')).mode & 0o777).toBe(0o600);
    expect(statSync(join(node.dir, 'kept')).mode & 0o777).toBe(0o700);
    const { ticket, ours } = channelTo(context);
    const [text, answer] = await Promise.all([
      buffer(ours).finally(() => ours.end()),
      getKept(context, home, { job, sequence: 1, part: 'job', ticket }),
    ]);
    expect([text.toString(), answer.bytes]).toEqual(['some bytes', 10]);
  });

  it('replaces an older attempt under the same number as a whole', async () => {
    const node = aNode();
    const context = await node.context();
    await put(context, 1, 'the older attempt');
    await put(context, 1, 'newer');
    const path = join(node.dir, 'kept', guestKey(job, home.cluster), '1.job');
    expect([readFileSync(path, 'utf8'), filesOf(node)]).toEqual(['newer', ['1.job']]);
  });

  it('that is not there is refused, and the channel closed', async () => {
    const context = await aNode().context();
    const { ticket, ours } = channelTo(context);
    const closed = once(ours.resume(), 'close');
    const asked = getKept(context, home, { job, sequence: 9, part: 'image', ticket });
    await expect(asked).rejects.toMatchObject({ code: 'refused' });
    ours.destroy();
    await closed;
  });

  it('is never there by half: not when the channel breaks, not when there is too much of it', async () => {
    const node = aNode();
    const context = await node.context();
    const { ticket, ours, theirs } = channelTo(context);
    const broken = putKept(context, home, { job, sequence: 1, part: 'job', ticket, limitBytes: 1e6 });
    ours.on('error', () => undefined);
    ours.write('half of it');
    setImmediate(() => theirs.destroy(new Error('the link broke')));
    await expect(broken).rejects.toThrow();
    await expect(put(context, 2, 'x'.repeat(101), 100)).rejects.toThrow('larger than 100 bytes');
    expect(filesOf(node)).toEqual([]);
    expect(await put(context, 2, 'x'.repeat(100), 100)).toBe(100);
  });

  it('leaves nothing behind when it can not be written', async () => {
    const node = aNode();
    const context = await node.context();
    mkdirSync(join(node.dir, 'kept'));
    writeFileSync(join(node.dir, 'kept', guestKey(job, home.cluster)), 'in the way');
    await expect(put(context, 1, 'bytes')).rejects.toThrow();
  });

  it('stays while home wants it, and its folder goes with the last one', async () => {
    const node = aNode();
    const context = await node.context();
    for (const sequence of [1, 2, 12]) await put(context, sequence, 'bytes');
    writeFileSync(join(node.dir, 'kept', guestKey(job, home.cluster), '2.image.part'), 'half');
    await keepOnly(context, home, { job, sequences: [12, 1] });
    expect(filesOf(node)).toEqual(['1.job', '12.job']);
    await keepOnly(context, home, { job, sequences: [] });
    expect(readdirSync(join(node.dir, 'kept'))).toEqual([]);
    await keepOnly(context, home, { job, sequences: [] });
    await keepOnly(context, home, { job, sequences: [3] });
  });

  it('is listed for its own home, and no other can read or remove it', async () => {
    const node = aNode();
    const context = await node.context();
    const other = { cluster: 'decade00', home: 1 };
    expect(await listKept(context, home)).toEqual([]);
    await put(context, 1, 'bytes');
    mkdirSync(join(node.dir, 'kept', 'no job'));
    chmodSync(join(node.dir, 'kept', 'no job'), 0o700);
    expect(await listKept(context, home)).toEqual([job]);
    expect(await listKept(context, other)).toEqual([]);
    await keepOnly(context, other, { job, sequences: [] });
    expect(filesOf(node)).toEqual(['1.job']);
  });
});
