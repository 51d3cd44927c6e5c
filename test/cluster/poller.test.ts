import { afterEach, describe, expect, test } from 'vitest';
import { pollCluster, type PollOptions } from '../../src/cluster/poller.js';
import type { ClusterSnapshot, ConfiguredNode, NodeView } from '../../src/core/cluster-map.js';
import { UnreachableError } from '../../src/errors.js';
import type { Connection } from '../../src/transport/transport.js';
import { hasEnded, shellConnection, type ShellConnection, type ShellOptions } from './shell-connection.js';

const nodes: ConfiguredNode[] = [1, 2, 3].map((node) => ({ node, address: `n${node}`, aliases: [] }));
const opened: { readonly node: number; readonly connection: ShellConnection }[] = [];
let polls: AsyncGenerator<ClusterSnapshot>[] = [];

afterEach(async () => {
  for (const { connection } of opened.splice(0)) {
    connection.close();
    for (const child of connection.children) child.kill('SIGKILL');
  }
  await Promise.all(polls.map((poll) => poll.return(undefined)));
  polls = [];
});

function open(node: ConfiguredNode, options: ShellOptions = {}): Connection {
  const connection = shellConnection(options);
  opened.push({ node: node.node, connection });
  return connection;
}

function poll(
  connect: PollOptions['connect'],
  more: Partial<PollOptions> = {},
): AsyncGenerator<ClusterSnapshot> {
  const generator = pollCluster({ nodes, connect, intervalMs: 50, deadlineMs: 20_000, ...more });
  polls.push(generator);
  return generator;
}

const connectAll: PollOptions['connect'] = (node) => Promise.resolve(open(node));

/** Node 2 does `what`, the others answer. */
function exceptNode2(what: PollOptions['connect']): PollOptions['connect'] {
  return (node, deadlineMs, signal) =>
    node.node === 2 ? what(node, deadlineMs, signal) : connectAll(node, deadlineMs, signal);
}

async function until(
  snapshots: AsyncGenerator<ClusterSnapshot>,
  isIt: (views: readonly NodeView[], snapshot: ClusterSnapshot) => boolean,
): Promise<ClusterSnapshot> {
  for (;;) {
    const { value } = (await snapshots.next()) as { readonly value: ClusterSnapshot };
    if (isIt(value.nodes, value)) return value;
  }
}

const statesOf = (views: readonly NodeView[]): string => views.map(({ state }) => state).join(' ');

function connectionsTo(node: number): readonly ShellConnection[] {
  return opened.filter((each) => each.node === node).map(({ connection }) => connection);
}

describe('a poll of several nodes', () => {
  test('shows them connecting at once, then what they report', async () => {
    const snapshots = poll(connectAll);
    const first = await until(snapshots, () => true);
    expect(statesOf(first.nodes)).toBe('connecting connecting connecting');
    expect(first).toMatchObject({ self: 0, sspeed: 10_000, jobs: [], guests: [] });
    const later = await until(snapshots, (views) => views.every(({ report }) => report));
    expect(later.nodes.map(({ node, name }) => `${node} ${name}`)).toEqual(['1 n1', '2 n2', '3 n3']);
    expect(statesOf(later.nodes)).toBe('monitor-only monitor-only monitor-only');
    expect(later.nodes[0]!.report!.tmem).toBeGreaterThan(0);
  });

  test('asks over one channel per node, however often', async () => {
    const snapshots = poll(connectAll);
    await until(snapshots, (views) => views.every(({ report }) => report));
    for (let round = 0; round < 10; round++) await snapshots.next();
    expect(opened.map(({ node, connection }) => [node, connection.children.length])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
  });

  test('gives its second snapshot as soon as all have been contacted, not an interval later', async () => {
    const snapshots = poll(connectAll, { intervalMs: 3_600_000 });
    await snapshots.next();
    expect(statesOf((await until(snapshots, () => true)).nodes)).not.toContain('connecting');
  });

  test('has fresh news of all prompt nodes in each snapshot', async () => {
    const snapshots = poll(connectAll, { intervalMs: 1000 });
    await until(snapshots, (views) => views.every(({ report }) => report));
    // What the round before had learnt would be a whole interval old.
    await until(snapshots, (views) => views.every(({ ageMs }) => ageMs! < 300));
  });
});

describe('a node', () => {
  test('that can not be reached is down and says why; the others are there all the same', async () => {
    const refuse = exceptNode2(() =>
      Promise.reject(new UnreachableError('n2: no route', { hint: 'switch it on' })),
    );
    const { nodes: views } = await until(
      poll(refuse),
      ([one, two, three]) => two!.state === 'down' && Boolean(one!.report && three!.report),
    );
    expect(views[1]).toMatchObject({
      state: 'down',
      report: null,
      ageMs: null,
      problem: 'n2: no route; switch it on',
    });
  });

  test('that never answers the call holds up nobody', async () => {
    const wedged = exceptNode2(() => new Promise(() => undefined));
    const snapshots = poll(wedged);
    const { nodes: views } = await until(snapshots, ([one, , three]) =>
      Boolean(one!.report && three!.report),
    );
    expect(views[1]!.state).toBe('connecting');
    for (let round = 0; round < 5; round++) {
      const [one, , three] = (await until(snapshots, () => true)).nodes;
      expect(one!.state + three!.state).toBe('monitor-onlymonitor-only');
    }
  });

  test('that never answers the call is down after the deadline', async () => {
    const wedged = exceptNode2(() => new Promise(() => undefined));
    const { nodes: views } = await until(
      poll(wedged, { deadlineMs: 400 }),
      (all) => all[1]!.state === 'down',
    );
    expect(views[1]!.problem).toBe('n2 did not answer within 0.4 s');
  });

  test('whose late connection comes after the deadline does not keep it', async () => {
    let late: (connection: Connection) => void = () => undefined;
    const slow = exceptNode2(() => new Promise<Connection>((resolve) => (late = resolve)));
    await until(poll(slow, { deadlineMs: 300 }), (all) => all[1]!.state === 'down');
    const connection = shellConnection();
    late(connection);
    await connection.closed;
    expect(connection.isClosed()).toBe(true);
  });

  test('that stops answering is late for a while, then down with its last report, which grows old', async () => {
    const snapshots = poll(connectAll, { deadlineMs: 4000 });
    await until(snapshots, (views) => views.every(({ report }) => report));
    connectionsTo(2)[0]!.children[0]!.kill('SIGSTOP');
    const { nodes: late } = await until(snapshots, (views) => views[1]!.ageMs! > 500);
    expect(late[1]!.state).toBe('monitor-only');
    expect(late[0]!.ageMs).toBeLessThan(late[1]!.ageMs!);
    const { nodes: down } = await until(snapshots, (views) => views[1]!.state === 'down');
    expect(down[1]!.problem).toBe('n2 did not answer within 4.0 s');
    expect(down[1]!.report).not.toBeNull();
    expect(statesOf([down[0]!, down[2]!])).toBe('monitor-only monitor-only');
  });

  test('whose channel breaks is called again, and is back', async () => {
    const snapshots = poll(connectAll);
    await until(snapshots, (views) => views.every(({ report }) => report));
    const [first] = connectionsTo(2);
    first!.children[0]!.kill('SIGKILL');
    await until(snapshots, (views) => views[1]!.state === 'down');
    expect(first!.isClosed()).toBe(true);
    await until(snapshots, (views) => views[1]!.state === 'monitor-only');
    expect(connectionsTo(2)).toHaveLength(2);
  });

  test('that is dead is called less and less often', async () => {
    const calls: number[] = [];
    let nowMs = 0;
    const clock = { nowMs: () => nowMs, sleep: () => Promise.resolve() };
    const dead: PollOptions['connect'] = () => {
      calls.push(nowMs);
      return Promise.reject(new UnreachableError('dead'));
    };
    const snapshots = poll(dead, { nodes: nodes.slice(0, 1), clock, random: () => 0.5 });
    for (; nowMs < 60_000; nowMs += 25) {
      await snapshots.next();
      await new Promise(setImmediate);
    }
    const waits = calls.slice(1).map((atMs, index) => atMs - calls[index]!);
    expect(waits).toEqual([375, 750, 1500, 3000, 6000, 12_000, 24_000]);
  });

  test('that was back in between is called as soon as after its first failure', async () => {
    const calls: number[] = [];
    let nowMs = 0;
    const clock = { nowMs: () => nowMs, sleep: () => Promise.resolve() };
    const late: PollOptions['connect'] = (node) =>
      calls.push(nowMs) < 4 ? Promise.reject(new UnreachableError('dead')) : Promise.resolve(open(node));
    const snapshots = poll(late, { nodes: nodes.slice(0, 1), clock, random: () => 0.5 });
    const untilState = async (state: string): Promise<void> => {
      while ((await until(snapshots, () => true)).nodes[0]!.state !== state) {
        nowMs += 25;
        await new Promise(setImmediate);
      }
    };
    await untilState('monitor-only');
    connectionsTo(1)[0]!.children[0]!.kill('SIGKILL');
    await untilState('down');
    const failedAtMs = nowMs;
    await untilState('monitor-only');
    expect(calls).toHaveLength(5);
    expect(calls[4]! - failedAtMs).toBeLessThanOrEqual(400);
  });

  test('with talkative login scripts is watched like any other', async () => {
    const noisy = exceptNode2((node) =>
      Promise.resolve(open(node, { login: 'echo "Last login: today"; echo "> "' })),
    );
    await until(poll(noisy), (views) => views.every(({ report }) => report));
  });
});

describe('when the poll ends', () => {
  test.each(['the reader stops', 'it is aborted'])('because %s, all shells end', async (how) => {
    const ending = new AbortController();
    const snapshots = poll(connectAll, { signal: ending.signal });
    await until(snapshots, (views) => views.every(({ report }) => report));
    if (how === 'it is aborted') ending.abort();
    else await snapshots.return(undefined);
    for (const { connection } of opened) await hasEnded(connection.children[0]!);
    expect((await snapshots.next()).done).toBe(true);
  });

  test('while it rests, it does so at once', async () => {
    const ending = new AbortController();
    const snapshots = poll(() => Promise.reject(new UnreachableError('dead')), {
      signal: ending.signal,
      intervalMs: 3_600_000,
    });
    await until(snapshots, (views) => views.every(({ state }) => state === 'down'));
    const next = snapshots.next();
    ending.abort();
    expect((await next).done).toBe(true);
  });

  test('before it began, nothing is called', async () => {
    const calls: number[] = [];
    const snapshots = poll((node) => Promise.resolve((calls.push(node.node), open(node))), {
      signal: AbortSignal.abort(),
    });
    expect((await snapshots.next()).done).toBe(true);
    expect(calls).toEqual([]);
  });
});
