import { RpcError } from '../core/rpc/rpc-error.js';
import { isJsonObject, type JsonValue } from '../protocol/json.js';

interface PendingCall {
  readonly resolve: (data: JsonValue) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** The calls of a test's client that have no answer yet. */
export class PendingCalls {
  private readonly calls = new Map<string, PendingCall>();
  private counter = 0;

  /**
   * Makes a call. It rejects when `send` throws, or after `patience`
   * milliseconds.
   *
   * @param what The name of the call in errors.
   */
  open(
    what: string,
    patience: number,
    send: (callId: string) => void,
  ): Promise<JsonValue> {
    const callId = `call-${this.counter++}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.calls.delete(callId);
        reject(new Error(`${what} did not answer in ${patience} ms.`));
      }, patience);
      this.calls.set(callId, { resolve, reject, timer });
      try {
        send(callId);
      } catch (error) {
        clearTimeout(timer);
        this.calls.delete(callId);
        reject(error as Error);
      }
    });
  }

  /** Settles the call that a message answers. Answers whether there was one. */
  settle(message: JsonValue): boolean {
    if (!isJsonObject(message)) return false;
    const { type, callId, data, message: error } = message;
    if (type !== 'response' && type !== 'error') return false;
    if (typeof callId !== 'string') return false;
    const call = this.calls.get(callId);
    if (call === undefined) return false;
    this.calls.delete(callId);
    clearTimeout(call.timer);
    if (type === 'error') call.reject(new RpcError(error ?? null));
    else call.resolve(data ?? null);
    return true;
  }

  /** Rejects all calls: no answer will arrive any more. */
  end(why: string): void {
    for (const { timer, reject } of this.calls.values()) {
      clearTimeout(timer);
      reject(new Error(why));
    }
    this.calls.clear();
  }
}
