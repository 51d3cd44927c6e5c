import type { FSWatcher } from 'node:fs';
import { homedir } from 'node:os';
import type { NodeReport } from '../core/cluster-map.js';
import type { NodeId } from '../core/ids.js';
import { editProblems } from '../core/hpc/edit.js';
import { beyondLimits } from '../core/load-limits.js';
import { expandNodes } from '../core/nodes.js';
import { ProtocolError, RefusedError } from '../errors.js';
import { driversHere } from '../jobs/choose-driver.js';
import { createHistory, type History } from '../state/history.js';
import type { Paths } from '../paths.js';
import { programPath } from '../program-path.js';
import type { GuestUsage } from '../protocol/guest-messages.js';
import { homeSchemas, parseShape, usageSchema } from '../protocol/schemas.js';
import { openMapStore } from '../state/map-store.js';
import { snapshotOnYard } from '../core/yard.js';
import { version } from '../version.js';
import type { ChannelTickets } from './channel-tickets.js';
import type { Daemon } from './context.js';
import { forgetTransfers } from './guest/files.js';
import { OutputGate } from './guest/output-gate.js';
import { guestKey, type GuestRecord } from './guest/record.js';
import { Guests } from './guest/registry.js';
import { continueImaged } from './guest/checkpoint.js';
import { watchLeases } from './guest/lease.js';
import { createWarden } from './guest/warden.js';
import { upMs } from './up-time.js';
import { serveGuestRequest, type GuestContext } from './guest/service.js';
import { moveOwn } from './handlers/moves.js';
import { isRemoteTool } from './handlers/on.js';
import { serveToolRequest } from './handlers/tool-requests.js';
import { act, plan } from './home/balancer.js';
import { endOrphans } from './home/deputies.js';
import { loadImageKey } from './home/checkpoint-store.js';
import { tend, tryAgainSoon } from './home/tend.js';
import { Homes, type HomeContext } from './home/homes.js';
import { collect, exitText } from './home/collect.js';
import { whereIs } from './home/job.js';
import { launch } from './home/launch.js';
import { refreshMobility } from './home/mobility.js';
import { reconcile } from './home/reconcile.js';
import { recover } from './home/recover.js';
import { recoveryOf } from '../core/relocation.js';
import { clusterSnapshot } from './home/snapshot.js';
import { installationIdentity } from './identity.js';
import type { Log } from './log.js';
import { applyEdit, watchMap } from './map-edit.js';
import { measureSpeed } from './measure-speed.js';
import { Nodes } from './nodes.js';
import { createSampler } from './sampler.js';
import { UsageTable } from './usage.js';

const secondMs = 1_000;
const balanceEveryMs = 2_000;
const writeReadingsEveryMs = 5_000;
const unknownSpeed = 10_000;

export interface RunningDaemon {
  readonly daemon: Daemon;
  /** Adopts what runs and starts the loops; the socket is open already. */
  begin(): Promise<void>;
  isBusy(): boolean;
  close(): Promise<void>;
}

export async function createDaemon(
  paths: Paths,
  log: Log,
  tickets: ChannelTickets,
  shutdown: () => void,
): Promise<RunningDaemon> {
  const history = createHistory(paths.history, Date.now);
  const map = await openMapStore(paths.map, undefined, {
    checkEdit: (edit) => editProblems(edit, new Set(homes.active().map(({ record }) => record.job))),
    onEdit: (edit) => void applyEdit(daemon, edit).catch((error: unknown) => log.error(error)),
    onProblem: (message) => {
      log.write(message);
      history.add({ event: 'problem', reason: message });
    },
  });
  if (map.loaded.kind === 'damaged') {
    const reason = `${paths.map} was damaged (${map.loaded.problems.join('; ')}); kept as ${map.loaded.keptAs}`;
    log.write(reason);
    history.add({ event: 'damaged', reason });
  }
  const cluster = await installationIdentity(paths.stateDir);
  const imageKey = await loadImageKey(paths.stateDir);
  const guests = new Guests(paths.guestsDir, log);
  const sampler = createSampler({
    speed: () => ({ speed: map.map.admin.speed ?? unknownSpeed, set: map.map.admin.speedset === 1 }),
    decayRates: () => map.map.admin,
    comingIn: () => guests.all().filter(isComing).length,
    ...(sharesMachine() ? { trees: () => guests.processes() } : {}),
  });
  guests.listen({
    again: (guest) => tellOf(history, guest, 'again', 'it saved itself and was started again'),
    ended: (guest, exit) => {
      sampler.left(1);
      if (guest.cluster !== cluster) tellOf(history, guest, 'ended', exitText(exit));
    },
    removed: (guest) => {
      tellOf(history, guest, 'left', `it was ${guest.phase} here`);
      if (guest.phase === 'frozen') sampler.left(1);
      forgetTransfers(guestKey(guest.job, guest.cluster));
    },
  });
  await guests.adopt();
  for (const job of guests.unreadableOf(cluster)) history.add({ event: 'damaged', job, reason: leftAlone });
  const usage = new UsageTable(guests, sampler);
  const drivers = await driversHere();
  const homes = new Homes(paths.homesDir, cluster, log, history);
  await homes.load();
  for (const job of homes.store.damaged) history.add({ event: 'damaged', job, reason: leftAlone });

  const report = (): NodeReport => {
    const { admin } = map.map;
    const now = sampler.current();
    const foreign = guests.all().filter((guest) => guest.cluster !== cluster).length;
    return {
      ...now,
      guests: foreign,
      freeslots: admin.maxguests === null ? null : Math.max(0, admin.maxguests - foreign),
      block: admin.block === 1,
      stay: admin.stay === 1,
      lstay: admin.lstay === 1,
      quiet: admin.quiet === 1,
      beyond: beyondLimits(admin, now, guestShare(guests, usage, cluster)),
      drivers,
      version,
      upMs: upMs(),
    };
  };
  const guestContext: GuestContext = {
    guests,
    output: new OutputGate(guests, history),
    tickets,
    log,
    history,
    keptDir: paths.keptDir,
    warden: createWarden({
      guestsDir: paths.guestsDir,
      historyPath: paths.history,
      program: programPath(),
      log,
    }),
    report,
    serveTool: (method, params) => {
      if (!isRemoteTool(method)) throw new ProtocolError(`nobody answers '${method}' here`);
      return serveToolRequest(daemon, method, params);
    },
    isOwn: (home) => home.cluster === cluster,
    arrived: () => sampler.arrived(1),
  };

  await continueImaged(guestContext);
  watchLeases(guestContext);

  const daemon: Daemon = {
    paths,
    log,
    map,
    history,
    guests,
    guestContext,
    home: null,
    homeLinks: new Map(),
    report,
    guestViews: () =>
      guests
        .all()
        .filter((guest) => guest.cluster !== cluster && guest.phase === 'running')
        .map((guest) => guests.view(guest, usage.of(guest))),
    guestUsage: (of) => usage.ofHome(of),
    snapshot: (options = {}) =>
      snapshotOnYard(
        daemon.home
          ? clusterSnapshot(daemon.home, { ...options, guests: daemon.guestViews() })
          : { self: 0, atMs: Date.now(), sspeed: 0, nodes: [], jobs: [], guests: daemon.guestViews() },
        map.map.admin.sspeed,
      ),
    reconfigure: () => {
      configure();
      return Promise.resolve();
    },
    shutdown,
  };

  const nodesFor = (self: NodeId): Nodes =>
    new Nodes({
      self,
      cluster,
      program: programPath(),
      socket: paths.socket,
      env: process.env,
      log,
      serveOwn: (method, params) => serveGuestRequest(guestContext, { cluster, home: self }, method, params),
      ownReport: report,
      gateways: () => map.map.admin.gateways,
      onNotification: (node, method, params) => {
        const usage = method === 'usage' ? usageSchema.safeParse(params) : null;
        if (usage?.success) takeUsage(homes, usage.data, node);
      },
      onRequest: (node, method, params) => {
        if (method !== 'home.migrate' || !daemon.home)
          throw new ProtocolError(`nobody answers '${method}' here`);
        const asked = parseShape(homeSchemas['home.migrate'], params, method);
        const job = homes.find(asked.job);
        // Else a node that lies could ask for jobs of others, and so see their memory.
        if (!job || whereIs(job)?.where !== node)
          throw new RefusedError(`job ${asked.job} is not on node ${node}`);
        return moveOwn(daemon.home, job, asked.to);
      },
      onState: nodeStates(history),
      onLink: (node) => {
        if (!daemon.home) return;
        tryAgainSoon(daemon.home);
        void reconcile(daemon.home, node).catch((error: unknown) => log.error(error));
      },
    });

  /** Takes over config and own number as the map has them. */
  const configure = (): void => {
    const { config, admin } = map.map;
    if (daemon.home && daemon.home.nodes.self !== admin.mospe) {
      daemon.home.nodes.close();
      daemon.home = null;
    }
    if (admin.mospe === 0) return;
    daemon.home ??= {
      homes,
      nodes: nodesFor(admin.mospe),
      cluster,
      log,
      history,
      admin: () => map.map.admin,
      defaultJobsRoot: () => map.map.admin.jobsroot ?? paths.jobsRoot,
      ownDirs: [paths.stateDir, paths.runtimeDir, paths.jobsRoot],
      homeDir: homedir(),
      imageKey,
    };
    daemon.home.nodes.configure(expandNodes(config));
  };

  const node = (): { readonly node?: NodeId } => (daemon.home ? { node: daemon.home.nodes.self } : {});
  const timers: NodeJS.Timeout[] = [];
  let watcher: FSWatcher | null = null;
  const every = (ms: number, task: () => Promise<void> | void): void => {
    let isBusy = false;
    timers.push(
      setInterval(() => {
        if (isBusy) return;
        isBusy = true;
        void Promise.resolve()
          .then(task)
          .catch((error: unknown) => log.error(error))
          .finally(() => {
            isBusy = false;
          });
      }, ms),
    );
  };

  return {
    daemon,
    begin: () => {
      history.add({ event: 'begins', ...node(), reason: `mosd ${process.pid}, version ${version}` });
      sampler.start();
      if (map.map.admin.speed === null) measureSpeed(daemon);
      configure();
      watcher = watchMap(daemon);
      if (daemon.home) adoptHomes(daemon.home);
      every(secondMs, () => {
        if (guests.size === 0) return;
        usage.measure();
        takeUsage(homes, usage.ofHome(cluster), map.map.admin.mospe);
      });
      every(secondMs, () => (daemon.home ? refreshMobility(daemon.home, performance.now()) : undefined));
      every(secondMs, () => (daemon.home ? tend(daemon.home, performance.now()) : undefined));
      every(secondMs, () => (daemon.home ? endOrphans(daemon.home) : undefined));
      every(balanceEveryMs, () => {
        if (!daemon.home || homes.active().length === 0) return;
        const made = plan(daemon.home, map.map.admin);
        void act(daemon.home, made).catch((error: unknown) => log.error(error));
      });
      every(writeReadingsEveryMs, () => writeReadings(daemon));
      return Promise.resolve();
    },
    isBusy: () => guests.size > 0 || homes.active().length > 0,
    close: async () => {
      history.add({ event: 'ends', ...node(), reason: `mosd ${process.pid}; jobs go on` });
      for (const timer of timers) clearInterval(timer);
      watcher?.close();
      sampler.stop();
      guests.close();
      daemon.home?.nodes.close();
      await map.close();
    },
  };
}

const leftAlone = 'its record can not be read, and is left alone; mosd.log says why';

function tellOf(history: History, guest: GuestRecord, event: string, reason: string): void {
  const { job, generation, you } = guest;
  history.add({ event, job, generation, node: you, reason });
}

/** Each change of a node's state is one event; the steps of a connection that is being made are none. */
function nodeStates(history: History): (node: NodeId, state: string, problem: string) => void {
  const last = new Map<NodeId, string>();
  return (node, state, problem) => {
    if (state === 'connecting' || last.get(node) === state) return;
    last.set(node, state);
    history.add({ event: state, node, reason: problem });
  };
}

/** Admitted, and not in any sample yet. */
function isComing({ phase }: GuestRecord): boolean {
  return phase === 'prepared' || phase === 'restored';
}

/** Several mosds on one machine (embedded nodes): each counts its own guests only. */
function sharesMachine(): boolean {
  return process.env['MOSKIT_SHARED_MACHINE'] === '1';
}

/** Processors that guests of other homes use. */
function guestShare(guests: Guests, usage: UsageTable, cluster: string): number {
  return guests
    .all()
    .filter((guest) => guest.cluster !== cluster)
    .reduce((sum, guest) => sum + usage.of(guest).cpu, 0);
}

/** A node's word counts for the jobs that run there, and for no others. */
function takeUsage(homes: Homes, usage: readonly GuestUsage[], node: NodeId): void {
  for (const entry of usage) {
    const job = homes.find(entry.job);
    if (job && whereIs(job)?.where === node) job.usage = entry;
  }
}

/** The next mosd takes over: moves are finished or undone, running jobs followed, interrupted starts repeated. */
function adoptHomes(home: HomeContext): void {
  for (const job of home.homes.active()) {
    const id = job.record.job;
    const onError = (error: unknown): void => home.log.error(error);
    if (job.record.phase === 'starting') {
      void home.homes.queue.run(id, () => launch(home, job)).catch(onError);
    } else if (job.record.phase === 'collecting' && job.record.exit) {
      void collect(home, job, { exit: job.record.exit, messages: job.record.messages }).catch(onError);
    } else if (recoveryOf(job.journal.entries).kind !== 'nothing') {
      void recover(home, job).catch(onError);
    } else {
      home.homes.follow(home, job);
    }
  }
  // What this node itself still holds of jobs that are over; other nodes are asked when their links come up.
  void reconcile(home, home.nodes.self).catch((error: unknown) => home.log.error(error));
}

/** hpc.json shows what /proc/hpc showed; readings are not worth an fsync. */
async function writeReadings(daemon: Daemon): Promise<void> {
  const snapshot = daemon.snapshot();
  await daemon.map.update(
    (old) => ({
      ...old,
      info: daemon.report(),
      nodes: Object.fromEntries(snapshot.nodes.map((view) => [String(view.node), view])),
      remote: Object.fromEntries(snapshot.guests.map((view) => [view.job, view])),
      jobs: Object.fromEntries(snapshot.jobs.map((view) => [view.job, view])),
    }),
    { durable: false },
  );
}
