/** Removes what is at some ascending places, all in one pass. */
export function removeAt(list: unknown[], places: readonly number[]): void {
  let to = places[0] as number;
  if (places.length === 1) {
    // Moves the rest many times faster than a loop.
    list.splice(to, 1);
    return;
  }
  for (const [nth, place] of places.entries()) {
    const end = places[nth + 1] ?? list.length;
    for (let from = place + 1; from < end; from++) list[to++] = list[from];
  }
  list.length = to;
}
