import { duplexPair, type Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/errors.js';
import { formatHello } from '../../src/protocol/handshake.js';
import { acceptChannel, openChannel, readGo } from '../../src/protocol/open-channel.js';

const timeoutMs = 5_000;
const socket = '/run/mosd.sock';

function goneAs(text: string): Promise<void> {
  const [a, b] = duplexPair();
  b.write(text);
  return readGo(a, timeoutMs);
}

describe('a channel', () => {
  it('is opened by greetings both ways and one line that says what it is for', async () => {
    const [a, b] = duplexPair();
    const [hello, accepted] = await Promise.all([
      openChannel(a, { open: 'bulk', ticket: 'f00' }, { role: 'home', timeoutMs }),
      acceptChannel(b, { socket, timeoutMs }),
    ]);
    expect(hello).toMatchObject({ role: 'mosd', socket });
    expect(accepted).toMatchObject({ hello: { role: 'home' }, opening: { open: 'bulk', ticket: 'f00' } });
  });

  it('passes on untouched what the opener sends right behind the opening', async () => {
    const [a, b] = duplexPair();
    const accepting = acceptChannel(b, { socket, timeoutMs });
    await openChannel(a, { open: 'rpc', as: 'tool' }, { role: 'tool', timeoutMs });
    a.write('raw bytes');
    await accepting;
    expect(String(await firstChunk(b))).toBe('raw bytes');
  });

  it('is refused to whoever does not greet first, or sends no JSON, or a line without end', async () => {
    for (const text of [
      'GET / HTTP/1.1\r\n\r\n',
      `${formatHello({ role: 'tool' })}{"open":\n`,
      `${formatHello({ role: 'tool' })}${'x'.repeat(70_000)}`,
    ]) {
      const [a, b] = duplexPair();
      a.write(text);
      await expect(acceptChannel(b, { socket, timeoutMs })).rejects.toBeInstanceOf(ProtocolError);
    }
  });

  it('is given up when the other side falls silent behind its greeting', async () => {
    const [a, b] = duplexPair();
    a.write(formatHello({ role: 'tool' }));
    await expect(acceptChannel(b, { socket, timeoutMs: 50 })).rejects.toThrow('no answer within 0.05 s');
  });
});

describe('the answer to an opening', () => {
  it('is ok, or the reason', async () => {
    await expect(goneAs('{"ok":true}\n')).resolves.toBeUndefined();
    await expect(goneAs('{"error":"this node has no job 1-7"}\n')).rejects.toThrow(
      'this node has no job 1-7',
    );
    await expect(goneAs('{"error":7}\n')).rejects.toThrow('refused without a reason');
    await expect(goneAs('null\n')).rejects.toThrow('a damaged answer was sent');
    await expect(goneAs('{"ok":"yes"}\n')).rejects.toBeInstanceOf(ProtocolError);
  });

  it('is cut when it is endless', async () => {
    const text = `{"error":"${'x'.repeat(10_000)}"}\n`;
    const error = (await goneAs(text).catch((reason: unknown) => reason)) as Error;
    expect(error.message).toHaveLength(2000);
  });
});

function firstChunk(stream: Duplex): Promise<unknown> {
  return new Promise((resolve) => stream.once('data', resolve));
}
