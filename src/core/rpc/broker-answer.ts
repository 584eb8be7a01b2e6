import {
  BrokerUnavailable,
  BrokerUncertain,
} from '../../broker/broker-errors.js';
import { WireError } from '../../protocol/errors.js';
import { isInstance } from '../is-instance.js';

/** What a caller learns of a broker that failed; undefined of any other error. */
export function brokerAnswer(error: unknown): string | undefined {
  if (isInstance(error, BrokerUnavailable)) return WireError.unavailable;
  if (isInstance(error, BrokerUncertain)) return WireError.outcomeUnknown;
  return undefined;
}
