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

/** Where a channel stands. */
export type ChannelState =
  /** Nobody listens to it. */
  | 'idle'
  /** The server is being asked for it; without a connection, the next one will be. */
  | 'subscribing'
  /** What is published arrives. */
  | 'subscribed'
  /** The server has refused it, as `error` says. It is tried again after a while. */
  | 'failed';

/** A channel at a moment. */
export interface ChannelSnapshot<Message> {
  readonly state: ChannelState;
  /** What the server said when it refused. */
  readonly error: unknown;
  /**
   * The last one that came while somebody listens. Of two that come at once a
   * framework may show one: `on` has them all.
   */
  readonly message: Message | undefined;
}

/**
 * A channel of publish/subscribe. It is subscribed to as long as somebody listens,
 * with `on` or `subscribe`: the first one who comes subscribes, the last one who
 * leaves unsubscribes, whichever objects of the same channel they have used.
 *
 * All of its functions may be handed over as they are.
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
  /** What the server calls it: any JSON. */
  readonly name: JsonValue;
  /**
   * Calls the listener with each message that is published from now on. What was
   * published while there was no connection is lost.
   *
   * @returns a function that ends it. To call that twice does nothing.
   */
  readonly on: (listener: (message: Received<Message>) => void) => () => void;
  /** Publishes a message, where the server lets clients do so. */
  readonly publish: <Given>(
    message: JsonValue extends Message ? AsJson<Given> : Message,
    options?: CallOptions,
  ) => Promise<null>;
}

/** @internal What the connector tells a channel that somebody listens to. */
export interface HeardChannel {
  readonly $key: string;
  /** Subscribes, if there is a connection. Else the next one does. */
  $ask(): void;
  /** There is no connection any more. */
  $lost(): void;
  $receive(message: JsonValue): void;
}

/** What a channel uses of its connector. */
export interface ChannelService {
  readonly snorky: RPCService['snorky'];
  /** @internal Those that somebody listens to. */
  readonly $listened: Set<HeardChannel>;
  /** @internal */
  $call: RPCService['$call'];
  /** @internal Whether somebody else is subscribed to it. */
  $isHeld(name: JsonValue): boolean;
  publish(params: never, options?: CallOptions): Promise<null>;
}

/** Milliseconds within which a refused channel is tried again, at most. */
const LONGEST_DELAY = 300_000;

/** @internal */
export function channelOf(name: JsonValue, service: ChannelService): Channel {
  const { snorky, $listened } = service;
  const received = new snorky.Signal<[JsonValue]>();
  const changed = new snorky.Signal<[]>();
  const backoff = new Reconnection({ maxDelay: LONGEST_DELAY });
  /** Each removes a listener. */
  const listeners = new Set<() => void>();
  let message: JsonValue | undefined;
  let snapshot: ChannelSnapshot<JsonValue>;
  let retry: Timer;
  /** Who has left, or asks again, waits for no answer to what was asked before. */
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
        // Losses are told by themselves.
        if (mine !== turn || error instanceof ConnectorError) return;
        // It may be subscribed to by another object, or by the connector's `subscribe`.
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
      // Somebody else has subscribed where this one was refused.
      be(snapshot.state === 'failed' ? 'subscribed' : snapshot.state);
    },
  };
  const leave = (): void => {
    if (listeners.size || !$listened.delete(self)) return;
    turn++;
    message = undefined;
    be('idle');
    // What was asked is answered before this is.
    if (snorky.state === 'connected' && !service.$isHeld(name)) {
      call('unsubscribe', ignore, ignore);
    }
  };
  const listen =
    (signal: Signal<never>) =>
    (listener: (given: never) => void): (() => void) => {
      // First: who comes finds it in the snapshot, and need not be told.
      if (!$listened.has(self)) {
        $listened.add(self);
        self.$ask();
      }
      // A function of its own for each: the same listener may come twice.
      const remove = signal.add((given) => listener(given));
      listeners.add(remove);
      return () => {
        if (!listeners.delete(remove)) return;
        remove();
        // A moment later: frameworks take down what they set up again at once.
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
