import type { IoUp } from '../../protocol/messages.js';
import { messageOf } from '../../errors.js';
import type { IoSource } from '../io-server.js';
import { protectionOf } from '../../core/job-spec.js';
import { mayGoBack } from '../../core/protection.js';
import type { HomeContext } from './homes.js';
import type { HomeJob } from './job.js';
import { signalJob } from './signals.js';

/** A job's streams as its deputy sees them: home's spools, which take every byte once wherever the job is. */
export function homeStreams(context: HomeContext, job: HomeJob): IoSource {
  const { stdin } = job.io;
  return {
    stdoutPath: job.io.stdoutPath,
    stderrPath: job.io.stderrPath,
    ended: job.over,
    // A job without standard input has no spool for it, whoever attaches and types.
    takeStdin: async (offset, bytes) => {
      if (job.record.spec.stdin !== 'stream') return;
      if (mayGoBack(protectionOf(job.record.spec))) await job.io.keepInput(offset, bytes);
      stdin.offer(offset, bytes);
    },
    endStdin: (offset) => {
      if (job.record.spec.stdin === 'stream') stdin.end(offset);
      return Promise.resolve();
    },
    onStdinTaken: (tell) => stdin.onTaken(tell),
    onNotice: (tell) => {
      job.noticeListeners.add(tell);
      for (const text of job.record.notices) tell(text);
      if (job.record.notices.length > 0) void context.homes.change(job, { notices: [] });
      return () => job.noticeListeners.delete(tell);
    },
    control: (message) =>
      void control(context, job, message).catch((error: unknown) => context.log.error(error)),
  };
}

async function control(context: HomeContext, job: HomeJob, message: IoUp): Promise<void> {
  if (message.type === 'detach') await context.homes.change(job, { detached: true });
  else if (message.type === 'delivered') {
    const delivered = { stdout: message.stdout, stderr: message.stderr };
    await context.homes.change(job, { delivered }, { durable: false });
    await job.io.delivered(delivered);
  } else {
    await signalJob(context, job, message.signal).catch((error: unknown) =>
      context.homes.notice(job, `${message.signal} could not be delivered: ${messageOf(error)}`),
    );
  }
}
