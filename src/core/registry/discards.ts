import { MessageFault } from '../../protocol/envelope.js';
import type { Client } from '../clients/client.js';
import type { Redaction } from '../log/redaction.js';
import type { ServiceHost } from '../service.js';

/**
 * What a line of level `debug` shows of a discarded message: the whole message,
 * or the part that is at fault.
 */
const DISCARDED: Readonly<
  Record<
    MessageFault,
    (shown: Redaction, what: unknown, size: number) => string
  >
> = {
  invalidJson: (shown, text) => shown.text(String(text)),
  nestedTooDeep: (shown, text) => shown.text(String(text)),
  notAnEnvelope: (shown, text) => shown.text(String(text)),
  unknownService: (shown, name, size) => `service ${shown.value(name, size)}`,
  notACall: (shown, message, size) => shown.value(message, size),
  failed: (shown, message, size) => shown.value(message, size),
};

/** Discards a message: it is counted and logged, and gets no answer. */
export function discard(
  { name, counters, log }: Pick<ServiceHost, 'name' | 'counters' | 'log'>,
  client: Client,
  fault: MessageFault,
  what: unknown,
  size: number,
): void {
  counters.add('discarded', { reason: fault });
  const line = (): string =>
    `Discarded a message to "${name}" from ${client.handshake.remoteAddress ?? 'a client'}: ${MessageFault[fault].text}`;
  log.warn(`discarded:${fault}`, line, (shown) => {
    return `Discarded: ${DISCARDED[fault](shown, what, size)}`;
  });
  client.discarded(fault);
}
