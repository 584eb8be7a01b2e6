import cluster from 'node:cluster';

/** Signs of a process that is one of several of the same application. */
export interface ProcessSigns {
  /** The environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The number of a worker of `node:cluster`, from 1 upwards. */
  readonly worker?: number | undefined;
}

/** The signs of this process. */
export function processSigns(): ProcessSigns {
  // oxlint-disable-next-line node/no-process-env -- Where pm2 tells it.
  return { env: process.env, worker: cluster.worker?.id };
}

/**
 * Describes which of several processes this one is; undefined if it seems to be
 * the only one.
 *
 * The first of several cannot know that others follow, so only the others say
 * so. A single worker, or a single instance, says nothing. A planned number
 * (`WEB_CONCURRENCY`, which some hosts set for everybody) proves nothing; it
 * can only say that there is one process.
 */
export function severalProcesses({
  env,
  worker,
}: ProcessSigns): string | undefined {
  if (env['pm_id'] !== undefined) {
    // The daemon of pm2 is the primary of all its applications, so the numbers
    // of workers say nothing. `instance_var` may rename the variable with the
    // number of the instance.
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
