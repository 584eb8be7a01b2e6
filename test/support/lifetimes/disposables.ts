/** Any number of things that are disposed of together. */
export class Disposables implements AsyncDisposable {
  private readonly things: AsyncDisposable[] = [];

  use<T extends AsyncDisposable>(thing: T): T {
    this.things.push(thing);
    return thing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.things.splice(0).map((thing) => thing[Symbol.asyncDispose]()),
    );
  }
}
