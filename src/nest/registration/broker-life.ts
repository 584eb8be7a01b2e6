import { Logger } from '@nestjs/common';
import type { Broker } from '../../broker/ports/broker.js';
import type { MaybePromise } from '../../protocol/maybe-promise.js';
import { describeThrown, excerpt, isError } from '../../core/log/log-line.js';
import { isPromiseLike, whenReady } from '../../core/promise-like.js';
import { setupError, type SnorkySetupError } from '../setup/setup-errors.js';

/**
 * Milliseconds after which a line in the log says what an application waits
 * for.
 */
const PATIENCE = 10_000;

/**
 * Starts a broker before any provider of the application is made that could use
 * it, so that no hook of the application comes too early.
 *
 * @throws SnorkySetupError when the broker cannot start.
 */
export function startedBroker(broker: Broker): MaybePromise<Broker> {
  let starting: MaybePromise<void>;
  try {
    starting = broker.start?.();
  } catch (error) {
    throw startError(error);
  }
  if (!isPromiseLike(starting)) return broker;
  // The timer keeps the process alive: a process that waits for nothing else
  // would end without a word.
  const timer = setTimeout(() => {
    new Logger('Snorky').warn(
      `The broker has not started after ${PATIENCE / 1000} seconds, and the ` +
        'application waits for it. Can what it connects to be reached?',
    );
  }, PATIENCE);
  return Promise.resolve(starting).then(
    () => {
      clearTimeout(timer);
      return broker;
    },
    (error: unknown) => {
      clearTimeout(timer);
      throw startError(error);
    },
  );
}

/**
 * Closes a broker when the application ends. The shutdown of other parts
 * neither waits for it for ever nor fails with it.
 */
export async function closeBroker(
  broker: Broker,
  limit: number,
): Promise<void> {
  const logger = new Logger('Snorky');
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      logger.warn(`The broker has not closed in ${limit} milliseconds.`);
      resolve();
    }, limit);
  });
  try {
    await Promise.race([whenReady(broker.close(), () => {}), late]);
  } catch (error) {
    logger.error(`The broker did not close: ${problemOf(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

function startError(error: unknown): SnorkySetupError {
  const failure = setupError('SNORKY_BROKER_START', problemOf(error));
  failure.cause = error;
  return failure;
}

function problemOf(error: unknown): string {
  return isError(error) ? excerpt(error.message) : describeThrown(error);
}
