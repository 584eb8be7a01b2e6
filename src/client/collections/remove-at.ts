/** Removes what is at some ascending places, all in one pass. */
export function removeAt(list: unknown[], places: readonly number[]): void {
  let to = places[0] as number;
  if (places.length === 1) {
    // Moves the rest many times faster than a loop.
    list.splice(to, 1);
    return;
  }
  let nth = 0;
  for (let from = to; from < list.length; from++) {
    if (from === places[nth]) nth++;
    else list[to++] = list[from];
  }
  list.length = to;
}
