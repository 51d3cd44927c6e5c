import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { MoskitError, ProtocolError } from '../../src/errors.js';
import { formatHello, magic, readHello } from '../../src/protocol/handshake.js';
import { protocolVersion, version } from '../../src/version.js';

const said = (text: string, options: { readonly isEnd?: boolean } = {}): PassThrough => {
  const stream = new PassThrough();
  stream.write(text);
  if (options.isEnd) stream.end();
  return stream;
};
const timeoutMs = 5_000;

describe('greeting', () => {
  it('says version, role and socket, and is read back as it was said', async () => {
    const stream = said(formatHello({ role: 'mosd', socket: '/run/a b/mosd.sock' }));
    expect(await readHello(stream, { timeoutMs })).toEqual({
      protocol: protocolVersion,
      version,
      role: 'mosd',
      socket: '/run/a b/mosd.sock',
    });
  });

  it.each([
    ['lines of a login script', 'Welcome to n3!\n\n*** disk almost full ***\n'],
    ['a prompt without a newline', 'n3% '],
    ['bytes that are no text', '\u0000\u00ff\u001b[2J\n'],
    ['63 KiB of it', `${'x'.repeat(1023)}\n`.repeat(63)],
  ])('is found behind noise: %s', async (_name, noise) => {
    const hello = await readHello(said(noise + formatHello({ role: 'mosd' })), { timeoutMs });
    expect(hello.role).toBe('mosd');
  });

  it('leaves what follows it in the stream', async () => {
    const stream = said(`noise\n${formatHello({ role: 'mosd' })}{"ok":true}\n`);
    await readHello(stream, { timeoutMs });
    expect(String(stream.read())).toBe('{"ok":true}\n');
  });

  it('behind too much noise is not looked for any more, and the end of the noise is quoted', async () => {
    const noise = `${'x'.repeat(1023)}\n`.repeat(70) + formatHello({ role: 'mosd' });
    await expect(readHello(said(noise), { timeoutMs })).rejects.toThrow(
      /does not speak moskit \(it said: x{100,200}\)$/,
    );
    const words = said('bash: node: command not found\u001b[0m\n', { isEnd: true });
    await expect(readHello(words, { timeoutMs })).rejects.toThrow(
      'the other side closed the channel (it said: bash: node: command not found?[0m)',
    );
  });

  it('must be the first line where nothing else may come', async () => {
    const stream = said(`hello\n${formatHello({ role: 'tool' })}`);
    await expect(readHello(stream, { timeoutMs, strict: true })).rejects.toThrow('does not speak moskit');
  });

  it('of another protocol names both numbers and what to do', async () => {
    const stream = said(`${magic}{"protocol":999,"version":"9.9","role":"mosd"}\n`);
    const error = await readHello(stream, { timeoutMs }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      message: `the other side speaks protocol 999, this is protocol ${protocolVersion}`,
      hint: 'run the same moskit version on both machines',
    });
    expect(error).toBeInstanceOf(MoskitError);
  });

  it.each(['', '{', 'null', '[]', '7', '{"protocol":"1","version":"1","role":"x"}', '{"protocol":1}'])(
    'that is damaged (%s) is a ProtocolError',
    async (json) => {
      const error = await readHello(said(`${magic}${json}\n`), { timeoutMs }).catch(
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(ProtocolError);
    },
  );

  it('that does not come is given up, the noise before it does not start the time anew', async () => {
    const stream = new PassThrough();
    const ticker = setInterval(() => stream.write('still booting\n'), 10);
    const failure = readHello(stream, { timeoutMs: 150 });
    await expect(failure).rejects.toThrow(/no answer within .* \(it said: still booting/);
    clearInterval(ticker);
  });

  it('longer than 16 KiB is refused', async () => {
    const stream = said(`${magic}${' '.repeat(17 * 1024)}`);
    await expect(readHello(stream, { timeoutMs })).rejects.toThrow('longer than 16384 bytes');
  });
});
