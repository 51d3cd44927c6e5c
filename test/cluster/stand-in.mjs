// A stand-in for the bundled program: `bridge` joins stdin and stdout to a daemon of its own that greets as mosd does,
// answers every request with its words, and sends back what comes on other channels.
import { spawn } from 'node:child_process';
import { appendFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

const socketPath = join(process.env.MOSKIT_DIR ?? process.env.HOME, 'stand-in.sock');
const journal = join(process.env.MOSKIT_DIR ?? process.env.HOME, 'openings');
const hello = (fields) => `moskit\u0001${JSON.stringify({ protocol: 1, version: 'stand-in', ...fields })}\n`;

function serve() {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.write(hello({ role: 'mosd', socket: socketPath }));
    let text = '';
    let lines = 0;
    let opening;
    const onLine = (line) => {
      lines += 1;
      if (lines === 1) return;
      if (lines === 2) {
        opening = JSON.parse(line);
        appendFileSync(journal, `${line}\n`);
        if (opening.open !== 'rpc') {
          socket.write('{"ok":true}\n');
          socket.off('data', onData);
          if (text !== '') socket.write(text);
          socket.pipe(socket);
        }
        return;
      }
      const { id, method, params } = JSON.parse(line);
      if (method === 'exit') process.exit(0);
      socket.write(`${JSON.stringify({ id, result: { method, params, pid: process.pid } })}\n`);
    };
    const onData = (chunk) => {
      text += chunk.toString('latin1');
      for (let at = text.indexOf('\n'); at >= 0 && opening?.open !== 'bulk'; at = text.indexOf('\n')) {
        const line = text.slice(0, at);
        text = text.slice(at + 1);
        onLine(line);
      }
    };
    socket.on('data', onData);
  });
  server.on('error', () => process.exit(0)); // another one was quicker
  server.listen(socketPath, () => process.send?.('ready'));
  setTimeout(() => process.exit(0), 120_000); // whatever happens, it ends
}

function bridge(attempt = 0) {
  const socket = connect(socketPath);
  socket.on('connect', () => {
    process.stdin.pipe(socket);
    socket.pipe(process.stdout);
    socket.on('close', () => process.exit(0));
  });
  socket.on('error', () => {
    if (attempt > 50) process.exit(1);
    rmSync(socketPath, { force: true });
    const daemon = spawn(process.execPath, [process.argv[1], 'serve'], {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const again = () => {
      daemon.removeAllListeners();
      if (daemon.connected) daemon.disconnect();
      daemon.unref();
      bridge(attempt + 1);
    };
    daemon.once('message', again);
    daemon.once('exit', again);
  });
}

if (process.argv[2] === 'serve') serve();
else if (process.argv[2] === 'bridge') bridge();
else process.exit(2);
