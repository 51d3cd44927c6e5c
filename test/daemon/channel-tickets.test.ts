import { PassThrough } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { ChannelTickets, newTicket } from '../../src/daemon/channel-tickets.js';

it('channel and request find each other in whichever order they come, once', async () => {
  const tickets = new ChannelTickets();
  const [early, late] = [new PassThrough(), new PassThrough()];
  tickets.arrive('a', early);
  expect(await tickets.take('a')).toBe(early);
  const taken = tickets.take('b');
  tickets.arrive('b', late);
  expect(await taken).toBe(late);
});

it('a channel that closed while it waited is not handed out, and one that nobody wants is closed', async () => {
  vi.useFakeTimers();
  try {
    const tickets = new ChannelTickets();
    const [gone, unwanted] = [new PassThrough(), new PassThrough()];
    tickets.arrive('a', gone);
    tickets.arrive('b', unwanted);
    gone.destroy();
    await vi.advanceTimersByTimeAsync(1);
    const taken = expect(tickets.take('a')).rejects.toThrow('did not come within 30 s');
    await vi.advanceTimersByTimeAsync(120_000);
    await taken;
    expect(unwanted.destroyed).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

it('of channels that nobody wants only so many wait, and of one ticket one', async () => {
  const tickets = new ChannelTickets();
  const channels = Array.from({ length: 1000 }, () => new PassThrough());
  for (const [index, channel] of channels.entries()) tickets.arrive(`unknown ${index}`, channel);
  expect(channels.filter((channel) => !channel.destroyed)).toHaveLength(200);
  const [first, second] = [new PassThrough(), new PassThrough()];
  tickets.arrive('twice', first);
  tickets.arrive('twice', second);
  expect(first.destroyed).toBe(true);
  expect(await tickets.take('twice')).toBe(second);
  for (const channel of [...channels, second]) channel.destroy();
});

it('tickets are 128 bits and never the same', () => {
  const many = Array.from({ length: 100 }, newTicket);
  expect(new Set(many).size).toBe(100);
  expect(many.every((ticket) => /^[0-9a-f]{32}$/.test(ticket))).toBe(true);
});
