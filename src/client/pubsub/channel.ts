import { ALREADY_SUBSCRIBED } from '../../protocol/errors.js';
import type { AsJson } from '../../protocol/json-input.js';
import { canonicalKey, type JsonValue } from '../../protocol/json.js';
import type { Received } from '../../protocol/snorky-types.js';
import type { CallOptions } from '../calls/call-options.js';
import type { RPCService } from '../calls/rpc-service.js';
import { Reconnection } from '../connection/reconnection.js';
import { ConnectorError, type RpcError } from '../errors.js';
import type { Signal } from '../signal.js';
import type { Snapshots } from '../snapshots.js';
import type { Timer } from '../timer.js';

/** The state of a channel. */
export type ChannelState =
  /** It has no listeners. */
  | 'idle'
  /**
   * The server is being asked to subscribe; without a connection, the next one
   * will be.
   */
  | 'subscribing'
  /** Published messages arrive. */
  | 'subscribed'
  /**
   * The server has refused, with the error in `error`. It is asked again after
   * a while.
   */
  | 'failed';

/** The state of a channel at one moment. */
export interface ChannelSnapshot<Message> {
  readonly state: ChannelState;
  /** The error of the server when it refused. */
  readonly error: unknown;
  /**
   * The last message that arrived while there are listeners. If two arrive at
   * once, a framework may show only one; `on` gets all of them.
   */
  readonly message: Message | undefined;
}

/**
 * A channel of publish/subscribe. It is subscribed to while it has listeners,
 * added with `on` or `subscribe`. The first listener subscribes and the last
 * one to leave unsubscribes; several objects of one channel count together.
 *
 * All functions can be passed on without the object.
 *
 * @example
 * const news = snorky.services.pubsub.channel<Article>('news');
 * const stop = news.on((article) => show(article));
 * await news.publish({ title: 'Hello' });
 * stop();
 */
export interface Channel<Message = JsonValue> extends Snapshots<
  ChannelSnapshot<Received<Message>>
> {
  /** The name of the channel on the server: any JSON. */
  readonly name: JsonValue;
  /**
   * Calls the listener with each message that is published from now on.
   * Messages that are published while there is no connection are lost.
   *
   * @returns A function that removes the listener. Calling it again does
   *   nothing.
   */
  readonly on: (listener: (message: Received<Message>) => void) => () => void;
  /** Publishes a message, if the server allows clients to do so. */
  readonly publish: <Given>(
    message: JsonValue extends Message ? AsJson<Given> : Message,
    options?: CallOptions,
  ) => Promise<null>;
}

/** @internal How the connector reaches a channel with listeners. */
export interface HeardChannel {
  readonly $key: string;
  /** Subscribes, if there is a connection. Otherwise the next one does. */
  $ask(): void;
  /** The connection has gone. */
  $lost(): void;
  $receive(message: JsonValue): void;
}

/** What a channel uses of its connector. */
export interface ChannelService {
  readonly snorky: RPCService['snorky'];
  /** @internal The channels with listeners. */
  readonly $listened: Set<HeardChannel>;
  /** @internal */
  $call: RPCService['$call'];
  /**
   * @internal Whether anything else of this page is subscribed to the channel.
   */
  $isHeld(name: JsonValue): boolean;
  publish(params: never, options?: CallOptions): Promise<null>;
}

/** The longest time until a refused channel is tried again, in milliseconds. */
const LONGEST_DELAY = 300_000;

/** @internal */
export function channelOf(name: JsonValue, service: ChannelService): Channel {
  const { snorky, $listened } = service;
  const received = new snorky.Signal<[JsonValue]>();
  const changed = new snorky.Signal<[]>();
  const backoff = new Reconnection({ maxDelay: LONGEST_DELAY });
  /** Functions that each remove one listener. */
  const listeners = new Set<() => void>();
  let message: JsonValue | undefined;
  let snapshot: ChannelSnapshot<JsonValue>;
  let retry: Timer;
  /**
   * The number of the last request. Answers to earlier ones are ignored, after
   * the channel was left or asked for again.
   */
  let turn = 0;

  const be = (state: ChannelState, error?: unknown): void => {
    clearTimeout(retry);
    snapshot = Object.freeze({ state, error, message });
    changed.dispatch();
  };
  const call = (
    command: string,
    resolve: () => void,
    reject: (error: unknown) => void,
  ): void => {
    const settle = { resolve, reject, $isOnce: true };
    service.$call(command, { channel: name }, { timeout: 0 }, settle);
  };
  const self: HeardChannel = {
    $key: canonicalKey(name),
    $lost: () => be('subscribing'),
    $ask: () => {
      const mine = ++turn;
      const settled = (error?: unknown): void => {
        // Losses of the connection are handled by `$lost`.
        if (mine !== turn || error instanceof ConnectorError) return;
        // Another object, or the connector's `subscribe`, may have subscribed
        // to the channel.
        if (!error || (error as RpcError).value === ALREADY_SUBSCRIBED) {
          backoff.reset();
          be('subscribed');
        } else {
          be('failed', error);
          retry = setTimeout(self.$ask, backoff.nextDelay());
        }
      };
      be('subscribing');
      if (snorky.state !== 'connected') return;
      call('subscribe', () => settled(), settled);
    },
    $receive: (given) => {
      message = given;
      received.dispatch(given);
      // A message shows that something else has subscribed to a channel that
      // was refused here.
      be(snapshot.state === 'failed' ? 'subscribed' : snapshot.state);
    },
  };
  const leave = (): void => {
    if (listeners.size || !$listened.delete(self)) return;
    turn++;
    message = undefined;
    be('idle');
    // The server answers in order, so an earlier request to subscribe is done
    // by then.
    if (snorky.state === 'connected' && !service.$isHeld(name)) {
      call('unsubscribe', ignore, ignore);
    }
  };
  const listen =
    (signal: Signal<never>) =>
    (listener: (given: never) => void): (() => void) => {
      // The snapshot changes before the listener is added, which finds it
      // there.
      if (!$listened.has(self)) {
        $listened.add(self);
        self.$ask();
      }
      // A function for each call: the same listener may be added twice.
      const remove = signal.add((given) => listener(given));
      listeners.add(remove);
      return () => {
        if (!listeners.delete(remove)) return;
        remove();
        // Deferred: frameworks remove a listener and add it again at once.
        setTimeout(leave);
      };
    };
  be('idle');
  return {
    name,
    on: listen(received as never),
    subscribe: listen(changed as never),
    getSnapshot: () => snapshot,
    publish: (given, options) =>
      service.publish({ channel: name, message: given } as never, options),
  };
}

function ignore(): void {}
