/**
 * Joins the frames of one write into one buffer. Subscribers of the same
 * channels are flushed one after another with the same frames, so the last
 * buffer is kept for the next subscriber.
 */
export class FrameJoiner {
  private frames: readonly Uint8Array[] = [];
  private joined: Uint8Array | undefined;

  join(frames: readonly Uint8Array[]): Uint8Array {
    const first = frames[0] as Uint8Array;
    if (frames.length === 1) return first;
    if (this.joined !== undefined && sameFrames(this.frames, frames)) {
      return this.joined;
    }
    if (this.joined === undefined) setImmediate(this.forget);
    this.frames = frames;
    return (this.joined = Buffer.concat(frames));
  }

  /** Drops the buffer at the end of the turn: nobody would use its memory. */
  private readonly forget = (): void => {
    this.frames = [];
    this.joined = undefined;
  };
}

function sameFrames(
  left: readonly Uint8Array[],
  right: readonly Uint8Array[],
): boolean {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) {
    if (left[i] !== right[i]) return false;
  }
  return true;
}
