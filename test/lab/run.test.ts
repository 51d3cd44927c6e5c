import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../fixtures/lab/lab.js';
import { bash, jobs, mayUseLab, startCluster, until } from './cluster.js';

describe.runIf(await mayUseLab())('a job on another node looks local', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startCluster('run', 3);
  });
  afterAll(() => lab.down());

  it('keeps stdout and stderr apart and passes the exit code through', async () => {
    const { code, stdout, stderr } = await bash(lab, 'mosrun 2 sh -c "hostname; echo trouble >&2; exit 7"');
    expect({ code, stdout, stderr }).toEqual({ code: 7, stdout: 'n2\n', stderr: 'trouble\n' });
  });

  it.each([
    ['a command that is not there', 'mosrun 2 no-such-command', 127, /no-such-command/],
    ['a file that is no program', 'mosrun 2 /etc/passwd', 126, /[Pp]ermission/],
    ['a node that is not in the map', 'mosrun 9 true', 125, /node 9/],
    ['a contradiction', 'mosrun -h 2 true', 125, /contradict/],
    ['no command', 'mosrun 2', 125, /./],
  ])('says what is wrong with %s', async (_what, command, code, says) => {
    const answer = await bash(lab, command);
    expect(answer.code).toBe(code);
    expect(answer.stderr).toMatch(says);
  });

  it('dies of the signal that its job died of', async () => {
    const { stdout } = await bash(lab, `bash -c 'mosrun 2 sh -c "kill -TERM \\$\\$"'; echo $?`);
    expect(stdout.trim()).toBe('143');
  });

  it('tells an exit code of 143 from a death by SIGTERM', async () => {
    const { stderr, stdout } = await bash(lab, `bash -c 'mosrun 2 sh -c "exit 143"; echo $?'`);
    expect(stdout.trim()).toBe('143');
    expect(stderr).not.toMatch(/Terminated/);
  });

  it('takes its standard input from a pipe and from a file', async () => {
    const { stdout } = await bash(
      lab,
      'seq 1 20000 >numbers; seq 1 20000 | mosrun 2 sha256sum; mosrun 3 sha256sum <numbers; sha256sum <numbers',
    );
    expect(new Set(stdout.trim().split('\n')).size).toBe(1);
  });

  it('does not wait for an input that its job does not read', async () => {
    const { code, stdout } = await bash(
      lab,
      'rm -f open; mkfifo open; exec 9<>open; timeout 60 mosrun 2 echo done <&9',
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'done\n' });
  });

  it('passes SIGINT, SIGUSR1 and stop and continue on', async () => {
    const script = `cat >signals.sh <<'END'
trap 'echo usr1' USR1
trap 'echo int; exit 3' INT
echo ready
while :; do sleep 0.1; done
END
bash -i -c true 2>/dev/null
setsid mosrun 2 bash signals.sh >out & pid=$!
until grep -q ready out; do sleep 0.1; done
kill -USR1 $pid; until grep -q usr1 out; do sleep 0.1; done
kill -TSTP $pid; until mps --json | grep -q '"state":"stopped"'; do sleep 0.1; done
kill -CONT $pid; until mps --json | grep -q '"state":"running"'; do sleep 0.1; done
kill -INT $pid; wait $pid; echo "code $?"; cat out`;
    const { stdout } = await bash(lab, script);
    expect(stdout).toBe('code 3\nready\nusr1\nint\n');
  });

  it('ends with its deputy when that is killed outright', async () => {
    await bash(
      lab,
      'mosrun 2 sleep 4321 & pid=$!; until mps --json | grep -q running; do sleep 0.1; done; kill -9 $pid',
    );
    await until('the job is gone', async () => (await lab.exec(2, ['pgrep', '-f', 'sleep 4321'])).code !== 0);
  });

  it('ends its job by SIGPIPE when nobody reads its output', async () => {
    const { stdout } = await bash(lab, 'mosrun 2 yes | head -2');
    expect(stdout).toBe('y\ny\n');
    await until('yes is gone', async () => (await lab.exec(2, ['pgrep', '-x', 'yes'])).code !== 0);
  });

  it('carries the working folder there and what changed back, whatever the names', async () => {
    const script = `rm -rf names; mkdir names; cd names
printf data >"with space"; printf data >"quo'te\\"s"; printf data >"$(printf 'new\\nline')"; printf data >same; mkdir -p deep/er
mosrun 2 sh -c 'for f in *; do [ -f "$f" ] && [ "$f" != same ] && echo more >>"$f"; done; echo new >deep/er/file; rm -f gone; ls | wc -l'
printf '%s|' *; cat "with space" "quo'te\\"s" "$(printf 'new\\nline')" same deep/er/file`;
    const { stdout } = await bash(lab, script);
    // ls shows the newline of a name as one
    expect(stdout).toBe(`6\ndeep|new\nline|quo'te"s|same|with space|datamore\ndatamore\ndatamore\ndatanew\n`);
  });

  it('never writes over a file that changed at home meanwhile', async () => {
    const script = `rm -rf conflict; mkdir conflict; cd conflict; echo one >file
mosrun 2 sh -c 'until [ -f /tmp/go ]; do sleep 0.1; done; echo job >file' & pid=$!
until mps --json | grep -q running; do sleep 0.1; done
echo home >file; touch -d '10 seconds ago' file; ssh n2 touch /tmp/go; wait $pid; cat file; cat file.moskit-*`;
    const { stdout, stderr } = await bash(lab, script);
    expect(stdout).toBe('home\njob\n');
    expect(stderr).toMatch(/changed at home meanwhile/);
  });

  it('refuses a working folder above the carry limit with a hint, and runs at home instead when it may choose', async () => {
    const script = 'rm -rf big; mkdir big; cd big; head -c 3M /dev/zero | tr "\\0" x >data;';
    const told = await bash(lab, `${script} mosrun --carry-limit 1M 2 true`);
    expect(told.code).toBe(125);
    expect(told.stderr).toMatch(/--carry-limit/);
    const free = await bash(lab, `${script} mosrun --carry-limit 1M hostname`);
    expect(free).toMatchObject({ code: 0, stdout: 'n1\n' });
    const named = await bash(lab, `${script} echo tiny >small; mosrun --carry-limit 1M --in small 2 ls`);
    expect(named.stdout).toBe('small\n');
  });

  it('lets umask and environment travel', async () => {
    const { stdout } = await bash(
      lab,
      `umask 027; export GREETING="it's here"; mosrun 2 sh -c 'umask; echo "$GREETING"'`,
    );
    expect(stdout).toMatch(/^0?027\nit's here\n$/);
  });

  it('detaches, and comes back to the output and exit code with --attach', async () => {
    const { stdout: id } = await bash(
      lab,
      `mosrun --detach 2 sh -c 'echo first; sleep 1; echo second; exit 5'`,
    );
    const { code, stdout } = await bash(lab, `mosrun --attach ${id.trim()}`);
    expect({ code, stdout }).toEqual({ code: 5, stdout: 'first\nsecond\n' });
    expect(await jobs(lab)).toEqual([]);
  });

  it('runs locally where there is no cluster', async () => {
    const { code, stdout } = await bash(lab, 'MOSKIT_DIR=/tmp/none mosrun sh -c "hostname; exit 4"');
    expect({ code, stdout }).toEqual({ code: 4, stdout: 'n1\n' });
  });
});
