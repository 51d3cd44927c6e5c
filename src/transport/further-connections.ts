import { ChannelRefusedError } from './ssh-error.js';
import type { Connection, ExecChannel } from './transport.js';

/** With the ten sessions that OpenSSH allows on each (MaxSessions), more jobs than one node is given. */
const mostFurther = 31;

interface Lane {
  readonly connection: Connection;
  /** Commands so far, and those that run or are being started now. */
  opened: number;
  open: number;
}

/**
 * The connection with room for any number of commands: when the server opens no more sessions on one connection, the
 * next command goes over a further one, which is closed after its last command. All else is the first one's.
 */
export function withFurther(first: Connection, connect: () => Promise<Connection>): Connection {
  const lanes: Lane[] = [{ connection: first, opened: 0, open: 0 }];
  let ended = false;
  let opening: Promise<Lane> | null = null;
  const drop = (lane: Lane): void => {
    const at = lanes.indexOf(lane);
    if (at <= 0) return;
    lanes.splice(at, 1);
    lane.connection.close();
  };
  void first.closed.then(() => {
    ended = true;
    for (const lane of [...lanes]) drop(lane);
  });

  const openLane = async (): Promise<Lane> => {
    const lane: Lane = { connection: await connect(), opened: 0, open: 0 };
    lanes.push(lane);
    void lane.connection.closed.then(() => drop(lane));
    if (ended) drop(lane);
    return lane;
  };

  const exec = async (command: string): Promise<ExecChannel> => {
    for (let newest: Lane | null = null; ;) {
      const tried = await execOnAny(lanes, command, drop);
      if (!(tried instanceof ChannelRefusedError)) return tried;
      // One on which nothing at all could be opened: it is no matter of number.
      const isHopeless = newest !== null && newest.opened + newest.open === 0;
      if (newest && isHopeless) drop(newest);
      if (ended || isHopeless || lanes.length > mostFurther) throw tried;
      newest = await (opening ??= openLane().finally(() => (opening = null)));
    }
  };
  return {
    exec,
    openUnix: (path) => first.openUnix(path),
    closed: first.closed,
    close: () => first.close(),
  };
}

async function execOnAny(
  lanes: readonly Lane[],
  command: string,
  drop: (lane: Lane) => void,
): Promise<ExecChannel | ChannelRefusedError> {
  let refusal = new ChannelRefusedError('there is no connection for a command');
  for (const lane of [...lanes]) {
    if (!lanes.includes(lane)) continue;
    try {
      return await execOn(lane, command, () => drop(lane));
    } catch (error) {
      if (!(error instanceof ChannelRefusedError)) throw error;
      refusal = error;
    }
  }
  return refusal;
}

async function execOn(lane: Lane, command: string, drop: () => void): Promise<ExecChannel> {
  lane.open += 1;
  const leave = (): void => {
    lane.open -= 1;
    if (lane.open === 0 && lane.opened > 0) drop();
  };
  try {
    const channel = await lane.connection.exec(command);
    lane.opened += 1;
    void channel.ended.then(leave);
    return channel;
  } catch (error) {
    leave();
    throw error;
  }
}
