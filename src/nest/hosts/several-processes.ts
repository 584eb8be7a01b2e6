import cluster from 'node:cluster';

/** What tells whether a process is one of several that run one application. */
export interface ProcessSigns {
  /** The environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The number of a worker of `node:cluster`, from 1 up. */
  readonly worker?: number | undefined;
}

/** The signs of this process. */
export function processSigns(): ProcessSigns {
  // oxlint-disable-next-line node/no-process-env -- Where pm2 tells it.
  return { env: process.env, worker: cluster.worker?.id };
}

/**
 * Says which of several processes this one is; undefined when it is the only
 * one, as far as can be seen.
 *
 * The first of several cannot know that others follow, so that the others tell:
 * whoever runs a single worker, or a single instance, hears nothing. Counts that
 * are plans (`WEB_CONCURRENCY` on a host that sets it for everybody) prove
 * nothing; they can only say that there is one.
 */
export function severalProcesses({
  env,
  worker,
}: ProcessSigns): string | undefined {
  if (env['pm_id'] !== undefined) {
    // Its daemon is the primary of all applications: numbers of workers say
    // nothing. The variable may have another name, which is in this one.
    const instance = env[env['instance_var'] ?? 'NODE_APP_INSTANCE'];
    const instances = Number(env['instances']);
    if (instances === 1) return undefined;
    return instances > 1 || Number(instance) > 0
      ? `This process is instance ${instance ?? '?'} of several under pm2`
      : undefined;
  }
  if (worker === undefined || worker < 2) return undefined;
  if (env['WEB_CONCURRENCY'] === '1') return undefined;
  return `This process is worker ${worker} of a cluster`;
}
