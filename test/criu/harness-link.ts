import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Lab, LabNode } from '../../fixtures/lab/lab.js';
import { pollUntil } from '../poll-until.js';

export const harnessPath = '/usr/local/lib/harness.mjs';
const port = 4900;

export type LabUser = 'root' | 'student';

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A connection to the harness that runs in a node. */
export class HarnessLink {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface(socket).on('line', (line) => this.#take(line));
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the harness is gone'));
    });
  }

  static async open(lab: Lab, { n, address }: LabNode, user: LabUser): Promise<HarnessLink> {
    const log = `/tmp/harness-${user}.log`;
    await lab.exec(n, `cd / && setsid node ${harnessPath} ${port} </dev/null >${log} 2>&1 &`, { user });
    return new HarnessLink(await pollUntil(() => dial(address)));
  }

  ask(op: string, request: object): Promise<unknown> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.write(`${JSON.stringify({ id, op, ...request })}\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(line: string): void {
    const { id, result, error } = JSON.parse(line) as { id: number; result?: unknown; error?: string };
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error));
  }
}

function dial(host: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(null));
  });
}
