import {
  decodeEnvelope,
  envelopePrefix,
  type IncomingEnvelope,
} from '../../protocol/envelope.js';
import { WireError } from '../../protocol/errors.js';
import type { JsonValue } from '../../protocol/json.js';
import { encodeError, idOfCall } from '../../protocol/rpc.js';
import type { Client } from '../clients/client.js';
import { Lane } from '../clients/lane.js';
import type { Everywhere } from '../everywhere/everywhere.js';
import { asPromise, isPromiseLike } from '../promise-like.js';
import type { Service, ServiceHost } from '../service.js';

/** What a dispatcher needs of its registry. */
interface DispatchHost extends Pick<
  ServiceHost,
  'counters' | 'discard' | 'failed'
> {
  readonly $everywhere: Pick<Everywhere, 'mark'>;
  /** The service that takes the messages under a name. */
  receiver(name: JsonValue): Service | undefined;
}

/** The way of a message from the text that arrived to its service. */
export class Dispatcher {
  constructor(private readonly host: DispatchHost) {}

  /** Takes one incoming text of a connected client. */
  dispatch(client: Client, text: string): void {
    this.host.counters.add('received');
    if (client.pending === 0) client.mark = this.host.$everywhere.mark();
    if (client.lane?.busy) client.lane.push(text);
    else this.take(client, text);
  }

  /** Hands an envelope to its service, now. */
  process(client: Client, envelope: IncomingEnvelope, size: number): void {
    const { service: name, message } = envelope;
    const service = this.host.receiver(name);
    if (service === undefined) {
      this.missing(client, name, message, size);
      return;
    }
    try {
      const result = service.processMessageFrom(client, message, size);
      if (result !== undefined && isPromiseLike(result)) {
        asPromise(result).then(undefined, (error: unknown) => {
          this.serviceFailed(service, client, error);
        });
      }
    } catch (error) {
      this.serviceFailed(service, client, error);
    }
  }

  laneOf(client: Client): Lane {
    return (client.lane ??= new Lane(client, (text) => {
      this.take(client, text);
    }));
  }

  private take(client: Client, text: string): void {
    if (client.spoken < 2) client.spoken++;
    const envelope = decodeEnvelope(text);
    if (typeof envelope === 'string') {
      this.host.discard(client, envelope, text, text.length);
      return;
    }
    this.process(client, envelope, text.length);
  }

  /**
   * Discards a message to an unknown service. A client that asked for the
   * feature `errors` is told, so that it does not wait for an answer.
   */
  private missing(
    client: Client,
    name: JsonValue,
    message: JsonValue,
    size: number,
  ): void {
    this.host.discard(client, 'unknownService', name, size);
    if (typeof name !== 'string' || !client.has('errors')) return;
    const callId = idOfCall(message);
    if (callId === undefined) return;
    const { noSuchService } = WireError;
    client.sendText(encodeError(envelopePrefix(name), callId, noSuchService));
  }

  private serviceFailed(
    service: Service,
    client: Client,
    error: unknown,
  ): void {
    const failure = { reason: 'process', service: service.name };
    this.host.failed(failure, error, () => {
      return `Service "${service.name}" failed to process a message`;
    });
    client.discarded('failed');
  }
}
