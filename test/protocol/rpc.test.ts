import { duplexPair, type Duplex } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { MoskitError, ProtocolError, RefusedError, UnreachableError, UsageError } from '../../src/errors.js';
import { Rpc, type RpcOptions } from '../../src/protocol/rpc.js';
import { pollUntil } from '../poll-until.js';
import { socketPair } from './socket-pair.js';

const opened: Rpc[] = [];
afterEach(() => {
  for (const rpc of opened.splice(0)) rpc.close();
});

function speak(stream: Duplex, options: Partial<RpcOptions> = {}): Rpc {
  const rpc = new Rpc(stream, { peerName: 'node 3', ...options });
  opened.push(rpc);
  return rpc;
}

function bothEnds(left: Partial<RpcOptions> = {}, right: Partial<RpcOptions> = {}): readonly [Rpc, Rpc] {
  const [a, b] = duplexPair();
  return [speak(a, left), speak(b, right)];
}

/** Our end, and a bare stream that says whatever it likes. */
function againstText(options: Partial<RpcOptions> = {}): readonly [Rpc, Duplex] {
  const [a, b] = duplexPair();
  return [speak(a, options), b];
}

const echo = (method: string, params: unknown): Promise<unknown> => Promise.resolve({ method, params });
const failing = (error: Error) => (): Promise<never> => Promise.reject(error);

describe('requests', () => {
  it('go both ways over one stream and each gets its own answer', async () => {
    const slowFirst = async (_method: string, params: unknown): Promise<unknown> => {
      if (params === 1) await new Promise((resolve) => setTimeout(resolve, 30));
      return params;
    };
    const [a, b] = bothEnds({ onRequest: echo }, { onRequest: slowFirst });
    const answers = await Promise.all([a.request('x', 1), a.request('x', 2), b.request('y', ['ü\n'])]);
    expect(answers).toEqual([1, 2, { method: 'y', params: ['ü\n'] }]);
  });

  it('that are sent without end, and not answered yet, end the link', async () => {
    const [busy, asking] = bothEnds({ onRequest: () => new Promise(() => undefined) }, {});
    const flood = againstText({ onRequest: () => new Promise(() => undefined) });
    const line = (id: number): string => `${JSON.stringify({ id, method: 'x', params: {} })}\n`;
    for (let id = 1; id <= 10_001; id += 1) flood[1].write(line(id));
    expect((await flood[0].closed)?.message).toContain('asks too much at once');
    expect([busy.isOpen, asking.isOpen]).toEqual([true, true]);
  });

  it('without a result are answered with an empty object', async () => {
    const [a] = bothEnds({}, { onRequest: () => Promise.resolve(undefined) });
    expect(await a.request('x', {})).toEqual({});
  });

  it.each([
    [new UsageError('u', { hint: 'do this' }), UsageError, 'usage'],
    [new UnreachableError('n'), UnreachableError, 'unreachable'],
    [new RefusedError('no room', { hint: 'wait' }), RefusedError, 'refused'],
    [new MoskitError('broken'), MoskitError, 'failed'],
    [new TypeError('a bug'), MoskitError, 'failed'],
  ])('that fail bring the error with code, text and hint: %s', async (error, kind, code) => {
    const [a] = bothEnds({}, { onRequest: failing(error) });
    const caught = (await a.request('x', {}).catch((reason: unknown) => reason)) as MoskitError;
    expect(caught).toBeInstanceOf(kind);
    expect([caught.code, caught.message]).toEqual([code, error.message]);
    expect(caught.hint).toBe(error instanceof MoskitError ? error.hint : undefined);
    expect(a.isOpen).toBe(true);
  });

  it('that nobody serves are refused and the link stays', async () => {
    const [a] = bothEnds();
    await expect(a.request('unknown', {})).rejects.toThrow("nobody answers 'unknown' here");
    expect(a.isOpen).toBe(true);
  });

  it('that are not answered in time say who and what; a late answer harms nothing', async () => {
    let answerLate: (value: unknown) => void = () => undefined;
    const held = new Promise((resolve) => (answerLate = resolve));
    const [a] = bothEnds({}, { onRequest: (method) => (method === 'slow' ? held : echo(method, 0)) });
    await expect(a.request('slow', {}, { timeoutMs: 10 })).rejects.toThrow(
      new UnreachableError("node 3 did not answer 'slow' within 0.01 s"),
    );
    answerLate('late');
    expect(await a.request('next', {})).toEqual({ method: 'next', params: 0 });
  });

  it('and notifications arrive in the order they were sent', async () => {
    const heard: unknown[] = [];
    const [a] = bothEnds(
      {},
      { onRequest: echo, onNotification: (name, params) => heard.push([name, params]) },
    );
    a.notify('tick', 1);
    a.notify('tick', 2);
    await a.request('x', {});
    expect(heard).toEqual([
      ['tick', 1],
      ['tick', 2],
    ]);
  });
});

describe('the end of a link', () => {
  const never = { onRequest: (): Promise<never> => new Promise(() => undefined) };

  it('rejects all that wait, and all that is asked later', async () => {
    const [left, right] = await socketPair();
    let asked = 0;
    const count = (): Promise<never> => {
      asked += 1;
      return never.onRequest();
    };
    const [a, b] = [speak(left), speak(right, { onRequest: count })];
    const waiting = [a.request('x', {}), a.request('y', {})];
    await pollUntil(() => asked === 2);
    b.close();
    for (const one of await Promise.allSettled(waiting))
      expect(one).toMatchObject({ reason: { code: 'unreachable', message: 'the link to node 3 is closed' } });
    expect(await a.closed).toBeUndefined();
    await expect(a.request('z', {})).rejects.toBeInstanceOf(UnreachableError);
    expect(() => a.notify('tick', 1)).not.toThrow();
  });

  it('tells what broke it', async () => {
    const [stream] = await socketPair();
    const rpc = speak(stream);
    const waiting = rpc.request('x', {});
    stream.destroy(new Error('read ECONNRESET'));
    await expect(waiting).rejects.toThrow('the link to node 3 is closed: read ECONNRESET');
    expect((await rpc.closed)?.message).toBe('read ECONNRESET');
  });

  it('a side that does not take the opening is quoted', async () => {
    const heard: string[] = [];
    const [rpc, other] = againstText({ onNotification: (name) => heard.push(name) });
    const waiting = rpc.request('ping', {});
    other.write('{"error":"opening: you not a node number"}\n{"method":"report","params":1}\n');
    await expect(waiting).rejects.toThrow('the link to node 3 is closed: opening: you not a node number');
    expect(await rpc.closed).toMatchObject({ code: 'refused', message: 'opening: you not a node number' });
    expect(heard).toEqual([]);
  });

  it.each([
    'no json\n',
    '7\n',
    'null\n',
    '{}\n',
    '{"id":1}x\n',
    '{"id":"1","result":2}\n',
    '{"id":1,"error":{"code":7}}\n',
    '{"error":{"code":"x","message":"y"}}\n',
    '{"id":{},"method":"x"}\n',
  ])('garbage closes it: %j', async (text) => {
    const [rpc, other] = againstText({ onRequest: echo });
    const waiting = rpc.request('x', {});
    other.write(text);
    await expect(waiting).rejects.toBeInstanceOf(UnreachableError);
    expect(await rpc.closed).toBeInstanceOf(ProtocolError);
  });

  it('nothing is delivered behind garbage that came in the same chunk', async () => {
    const heard: string[] = [];
    const [rpc, other] = againstText({ onNotification: (name) => heard.push(name) });
    other.write('{"method":"before"}\ngarbage\n{"method":"behind"}\n');
    await rpc.closed;
    expect(heard).toEqual(['before']);
  });

  it('an answer that nobody asked for is ignored', async () => {
    const [rpc, other] = againstText();
    other.write('{"id":77,"result":1}\n');
    const waiting = rpc.request('x', {});
    other.write('{"id":1,"result":"mine"}\n');
    expect(await waiting).toBe('mine');
  });

  it('a line over the limit closes it', async () => {
    const [rpc, other] = againstText();
    const block = 'x'.repeat(1024 * 1024);
    other.on('error', () => undefined);
    for (let i = 0; i < 9; i++) other.write(block);
    expect(await rpc.closed).toBeInstanceOf(ProtocolError);
  });

  it('a peer that reads nothing is cut off before it fills our memory', async () => {
    const [rpc] = againstText();
    const big = 'x'.repeat(4 * 1024 * 1024);
    for (let sent = 0; sent < 32 && rpc.isOpen; sent++) rpc.notify('report', big);
    await pollUntil(() => !rpc.isOpen);
    expect((await rpc.closed)?.message).toBe('node 3 does not read what it is sent');
  });

  it('a peer that leaves thousands unanswered gets no more', async () => {
    const [a] = bothEnds({}, never);
    const many = Array.from({ length: 10_000 }, () => a.request('x', {}).catch(() => undefined));
    await expect(a.request('one more', {})).rejects.toThrow('too many requests unanswered');
    a.close();
    await Promise.all(many);
  });
});
