/** Turns the text of a message into the bytes of one kind of transport. */
export type Encoder = (text: string) => Uint8Array;

/**
 * A message for many clients. It is serialized once, and encoded once for each
 * kind of transport that delivers it.
 */
export class PreparedMessage {
  private encoder: Encoder | undefined;
  private encoded: Uint8Array | undefined;
  private others: Map<Encoder, Uint8Array> | undefined;

  /** @param text The whole envelope, as JSON text. */
  constructor(readonly text: string) {}

  /** The bytes of this message, made by a transport's `encoder`. */
  as(encoder: Encoder): Uint8Array {
    if (this.encoder === encoder) return this.encoded as Uint8Array;
    if (this.encoder === undefined) {
      this.encoder = encoder;
      return (this.encoded = encoder(this.text));
    }
    this.others ??= new Map();
    let bytes = this.others.get(encoder);
    if (bytes === undefined) {
      bytes = encoder(this.text);
      this.others.set(encoder, bytes);
    }
    return bytes;
  }
}
