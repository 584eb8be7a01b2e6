import {
  BrokerUnavailable,
  BrokerUncertain,
} from '../../broker/broker-errors.js';
import { WireError } from '../../protocol/errors.js';
import { isInstance } from '../is-instance.js';

/**
 * What a caller is told about an error of the broker; undefined for any other
 * error.
 */
export function brokerAnswer(error: unknown): string | undefined {
  if (isInstance(error, BrokerUnavailable)) return WireError.unavailable;
  if (isInstance(error, BrokerUncertain)) return WireError.outcomeUnknown;
  return undefined;
}
