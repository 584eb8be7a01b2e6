import type { RpcNotification } from '../../protocol/rpc.js';

/**
 * Dispatches a notification, without its type, if it has this type and these
 * members. Answers whether it has.
 */
export function tell(
  { type, ...told }: RpcNotification,
  known: string,
  signal: { dispatch(told: never): void },
  ...members: readonly string[]
): boolean {
  const isIt = type === known && members.every((member) => member in told);
  if (isIt) signal.dispatch(told as never);
  return isIt;
}
