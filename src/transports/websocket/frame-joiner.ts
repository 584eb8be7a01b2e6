/**
 * Makes one buffer of the frames of one write. Subscribers of the same channels
 * are flushed one after another with the same frames, so the buffer of the last
 * one is kept for the next.
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

  /** Nothing is kept past the turn: it would be memory held for nobody. */
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
