import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../fixtures/lab/lab.js';
import { bash, jobs, mayUseLab, noticeEarly, startCluster, until } from './cluster.js';

const emitter = `import sys,time
ballast=bytearray(int(sys.argv[2] if len(sys.argv)>2 else 0)<<20)
for i in range(0,len(ballast),4096): ballast[i]=i>>12&255
for i in range(10000):
    print("line",i,flush=(i%10==0))
    if i%7==0: print("err",i,file=sys.stderr,flush=True)
    if i%10==0: time.sleep(float(sys.argv[1]))
`;

describe.runIf(await mayUseLab())('a running job moves', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startCluster('moves', 3);
    await noticeEarly(lab);
    await lab.exec(1, 'cat >/root/work/emit.py', { input: emitter });
    await lab.exec(1, 'cd /root/work && python3 emit.py 0 >/root/expected.out 2>/root/expected.err');
  });
  afterAll(() => lab.down());

  const startEmitter = `cd /root/work; mosrun 1 python3 emit.py 0.012 >/root/got.out 2>/root/got.err & pid=$!
until mps --json | grep -q running; do sleep 0.1; done;`;
  const quick = startEmitter.replace('emit.py 0.012', 'emit.py 0.004');
  const compare =
    'wait $pid; echo "code $?"; cmp /root/expected.out /root/got.out && cmp /root/expected.err /root/got.err && echo identical';

  it('twenty times back and forth, and its output is that of a local run', async () => {
    const script = `${startEmitter} for i in 1 2 3 4 5 6 7 8 9 10; do migrate $pid 2 || break; migrate $pid 3 || break; done | grep -c moved; ${compare}`;
    const { stdout } = await bash(lab, script);
    expect(stdout).toBe('20\ncode 0\nidentical\n');
  });

  it('and outlives both daemons, killed between and during moves', async () => {
    const kill = (n: number): string => {
      const command = `kill -9 $(grep -o '"pid":[0-9]*' ~/.local/state/moskit/n${n}/run/mosd.pid | cut -d: -f2)`;
      return n === 1 ? command : `ssh n${n} "${command.replaceAll('"', '\\"').replaceAll('$', '\\$')}"`;
    };
    const script = `${startEmitter} migrate $pid 2; ${kill(1)}; sleep 1; migrate $pid 3; ${kill(3)}; sleep 0.5; migrate $pid 1;
for pause in 0.05 0.15 0.3; do (sleep $pause; ${kill(1)}) & migrate $pid 2; (sleep $pause; ${kill(2)}) & migrate $pid 3; sleep 1; migrate $pid 1; done >/dev/null 2>&1
${compare}`;
    const { stdout } = await bash(lab, script);
    expect(stdout).toMatch(/code 0\nidentical\n$/);
  });

  it('keeps its standard input whole over moves', async () => {
    const script = `head -c 3000000 /dev/urandom >/root/input; sha256sum </root/input
(for i in $(seq 0 29); do dd if=/root/input bs=100000 skip=$i count=1 2>/dev/null; sleep 0.1; done) | mosrun 1 sha256sum >/root/sum & pid=$!
until mps --json | grep -q running; do sleep 0.1; done; job=$(mps --json | grep -o '"job":"[^"]*"' | cut -d'"' -f4)
migrate $job 2; migrate $job 3; migrate $job home; wait $pid; cat /root/sum`;
    const { stdout } = await bash(lab, script);
    const [expected, ...rest] = stdout.trim().split('\n');
    expect(rest.at(-1)).toBe(expected);
    expect(rest.filter((line) => line.includes('stood still'))).toHaveLength(3);
  });

  it('arrives stopped when the user had stopped it', async () => {
    const script = `mosrun 1 sh -c 'while :; do date +%N; sleep 0.05; done' >ticks & pid=$!
until [ -s ticks ]; do sleep 0.1; done; kill -TSTP $pid; until mps --json | grep -q stopped; do sleep 0.1; done
migrate $(mps --json | grep -o '"job":"[^"]*"' | cut -d'"' -f4) 2; sleep 0.5; before=$(wc -l <ticks); sleep 1; after=$(wc -l <ticks)
[ $before = $after ] && echo still; mps --json | grep -o '"state":"[^"]*"'; kill -CONT $pid
until [ $(wc -l <ticks) -gt $after ]; do sleep 0.1; done; kill -TERM $pid; wait $pid; echo $?`;
    const { stdout } = await bash(lab, script);
    expect(stdout).toMatch(/stood still/);
    expect(stdout).toMatch(/still\n"state":"stopped"\n143\n$/);
  });

  it('is refused by a node that blocks, with exit code 4 and the reason, and runs on', async () => {
    await lab.exec(2, 'for p in ~/.local/share/moskit/*/moskit.mjs; do node $p mosctl block; done');
    const script = `${quick} migrate $pid 2; echo "refused $?"; ${compare}`;
    const { stdout, stderr } = await bash(lab, script);
    await lab.exec(2, 'for p in ~/.local/share/moskit/*/moskit.mjs; do node $p mosctl noblock; done');
    expect(stdout).toBe('refused 4\ncode 0\nidentical\n');
    expect(stderr).toMatch(/block is set on node 2/);
  });

  it('goes on at home when the target vanishes in the middle of the move', async () => {
    // So much memory that the move takes longer than to notice that it has begun.
    const big = quick.replace('emit.py 0.004', 'emit.py 0.004 600');
    const running = bash(lab, `${big} migrate $pid 3; echo "move $?"; ${compare}`);
    await until('the move has begun', async () => (await jobs(lab)).some(({ state }) => state === 'moving'));
    await lab.kill(3);
    const { stdout } = await running.finally(() => lab.start(3));
    await until('node 3 is back', async () => (await lab.exec(1, ['mosctl', 'isup', '3'])).code === 0);
    expect(stdout).toMatch(/move 4\ncode 0\nidentical\n$/);
  });

  it('moves a program that saves itself, and starts one again that may be', async () => {
    const script = `cat >saver.sh <<'END'
n=$(cat saved 2>/dev/null || echo 0)
stop=; trap 'stop=yes' USR1; last=; trap 'last=yes' USR2
while [ -z "$last" ]; do n=$((n+1)); echo $n; sleep 0.05; [ -z "$stop" ] || { echo $n >saved; exit 85; }; done
END
after() { until [ -s $1 ] && [ $(tail -1 $1) -gt $2 ]; do sleep 0.05; done; }
rm -f saved; mosrun --driver app --ckpt-signal USR1 --restart 'exec bash saver.sh' 1 bash saver.sh >app.out & pid=$!
after app.out 3; migrate $pid 2; after app.out $(($(tail -1 app.out)+8)); migrate $pid 3; after app.out $(($(tail -1 app.out)+8)); kill -USR2 $pid
wait $pid && seq 1 $(tail -1 app.out) | cmp - app.out && echo saved
mosrun --driver restart 1 bash -c 'last=; trap "last=yes" USR2; i=0; while [ -z "$last" ]; do i=$((i+1)); echo $i; sleep 0.02; done' >again.out & pid=$!
after again.out 3; migrate $pid 2; after again.out $(($(tail -1 again.out)+8)); kill -USR2 $pid
wait $pid && seq 1 $(tail -1 again.out) | cmp - again.out && echo restarted`;
    const { stdout } = await bash(lab, script);
    expect(stdout).toMatch(/\(app\)\n.*\(app\)\nsaved\n.*\(restart\)\nrestarted\n/);
  });

  it('says beforehand why it cannot, and refuses with that reason', async () => {
    const script = `mosrun --driver criu 1 python3 -c 'import socket,time; s=socket.socket(); s.bind(("127.0.0.1",0)); s.listen(); time.sleep(60)' & pid=$!
until mps --json | grep -q running; do sleep 0.1; done; job=$(mps --json | grep -o '"job":"[^"]*"' | cut -d'"' -f4)
sleep 1; mps --why $job; migrate $job 2; echo "code $?"; kill $pid; wait $pid`;
    const { stdout, stderr } = await bash(lab, script);
    expect(stdout).toMatch(/code 4/);
    expect(stderr).toMatch(/127\.0\.0\.1|listen/);
  });
});
