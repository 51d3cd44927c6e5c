import { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';

/**
 * Makes a channel of ssh2 behave as streams do: `destroy` destroys at once (its own only asks the other side to
 * close), 'close' comes once, and an error that nobody listens for ends nothing.
 */
export function tidyChannel(channel: ClientChannel): ClientChannel {
  const emit = channel.emit.bind(channel) as (event: string | symbol, ...args: unknown[]) => boolean;
  let closed = false;
  channel.emit = (event: string | symbol, ...args: unknown[]) => {
    if (event === 'close' && closed) return false;
    closed ||= event === 'close';
    return emit(event, ...args);
  };
  channel.on('error', () => undefined);
  dropLateInput(channel);
  channel.destroy = (error?: Error) => {
    // Node destroys a stream that ended both ways. The exit status of a command may still be on its way then, so
    // the channel is left to the other side to close.
    const isOver = channel.readableEnded && channel.writableFinished;
    if (!channel.destroyed && (!isOver || error)) {
      channel.close();
      Duplex.prototype.destroy.call(channel, error);
      setImmediate(() => channel.emit('close'));
    }
    return channel;
  };
  return channel;
}

/**
 * A command may end before it was given its input; ssh2 ends our side then. stdin and stdout are one stream, so a write
 * after that would be an error that takes the output along.
 */
function dropLateInput(channel: ClientChannel): void {
  for (const method of ['write', 'end'] as const) {
    const original = channel[method].bind(channel) as (...args: unknown[]) => unknown;
    const guarded = (...args: unknown[]): unknown => {
      if (!channel.writableEnded) return original(...args);
      const done = args.at(-1);
      if (typeof done === 'function') process.nextTick(done);
      return method === 'write' ? true : channel;
    };
    Reflect.set(channel, method, guarded);
  }
}

/** Ends a channel because its connection is gone: whoever reads it sees `error`, not an end of file. */
export function breakOff(channel: ClientChannel, error: Error): void {
  (channel as Duplex).destroy(error);
}

/** The other side said that nothing more comes: what was read is whole, whatever becomes of the connection. */
export function isWhole(channel: ClientChannel): boolean {
  const { incoming } = channel as unknown as { readonly incoming: { readonly state: string } };
  return incoming.state !== 'open';
}
