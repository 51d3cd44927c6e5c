import { equip } from '../../fixtures/lab/equip.js';
import { labProblem, startLab, type Lab } from '../../fixtures/lab/lab.js';
import { figure, median, notMeasured, type Figure } from './figure.js';
import { program } from './program.js';

const rounds = 5;
const what = 'criu move of a 256 MB process: standstill / by hand (criu dump, tar over ssh, criu restore)';

const holder = `import time
block=bytearray(256*1024*1024)
for i in range(0,len(block),4096): block[i]=(i>>12)%251
n=0
while True:
    n+=1; print(n,flush=True); time.sleep(0.05)
`;

/** The same by hand, as well as it can be done with a shell: stopped on both sides until the end, as ours is. */
const byHand = `
set -e
target=$1; dir=/tmp/byhand; rm -rf $dir; mkdir -p $dir/job; cd $dir/job; touch stdout stderr
setsid unshare --pid --fork setsid sh -c '"$@" </dev/null >stdout 2>stderr; echo $? >exit' job python3 /root/bench/hold.py </dev/null >/dev/null 2>&1 &
sleep 2
job=
for pid in $(pgrep -x sh); do [ "$(readlink /proc/$pid/ns/pid)" = "$(readlink /proc/self/ns/pid)" ] || job=$pid; done
ssh $target "rm -rf $dir; mkdir -p $dir"
mkdir $dir/image
begin=$(date +%s%N)
criu dump -t $job -D $dir/image -o dump.log --leave-stopped --manage-cgroups=ignore
tar -C $dir -cf - image job | ssh $target "tar -C $dir -xf - && criu restore -D $dir/image -o restore.log -d --leave-stopped --manage-cgroups=ignore --pidfile $dir/pid && pkill -CONT -f hold.py"
end=$(date +%s%N)
kill -9 $(pgrep -f hold.py) 2>/dev/null || true
ssh $target 'kill -9 $(pgrep -f hold.py)' || true
echo $(( (end - begin) / 1000 ))
`;

export async function freezeFigure(): Promise<readonly Figure[]> {
  const problem = await labProblem();
  if (problem !== undefined) return [notMeasured('freeze', what, 1, problem)];
  const lab = await startLab({ nodes: 2, name: `bench-freeze-${process.pid}` });
  try {
    await equip(lab, { program });
    await lab.exec(1, 'mkdir -p /root/bench && cat >/root/bench/hold.py', { input: holder });
    await lab.exec(1, 'cat >/root/bench/by-hand.sh', { input: byHand });
    const ours: number[] = [];
    const hand: number[] = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(await moveOnce(lab));
      hand.push(await moveByHand(lab));
    }
    const [oursMs, handMs] = [median(ours), median(hand)];
    return [
      figure(
        'freeze',
        what,
        oursMs / handMs,
        1,
        `${oursMs.toFixed(0)} ms against ${handMs.toFixed(0)} ms, medians of ${rounds}`,
      ),
    ];
  } finally {
    await lab.down();
  }
}

async function moveOnce(lab: Lab): Promise<number> {
  const { stdout: job } = await must(lab, 'cd /root/bench && mosrun --detach 1 python3 hold.py');
  await must(lab, 'sleep 2');
  const { stdout } = await must(lab, `migrate --json ${job.trim()} 2`);
  const outcome = JSON.parse(stdout) as { moved: boolean; record?: { frozenMs: number } };
  if (!outcome.record) throw new Error(`the move was refused: ${stdout}`);
  await must(lab, 'ssh n2 "pkill -9 -f hold.py"');
  return outcome.record.frozenMs;
}

async function moveByHand(lab: Lab): Promise<number> {
  const { stdout } = await must(lab, 'bash /root/bench/by-hand.sh n2');
  return Number(stdout.trim().split('\n').at(-1)) / 1000;
}

async function must(lab: Lab, command: string): Promise<{ stdout: string }> {
  const { code, stdout, stderr } = await lab.exec(1, command, { timeoutMs: 120_000 });
  if (code !== 0) throw new Error(`${command}: ${code}: ${stdout} ${stderr}`);
  return { stdout };
}
