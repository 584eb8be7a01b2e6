/** Takes some of the mutants by a seed: a share of each file, at least one. */

/**
 * @template {{ file: string }} M
 * @param {readonly M[]} mutants @param {number} size @param {number} seed
 * @returns {M[]}
 */
export function sampleOf(mutants, size, seed) {
  if (size >= mutants.length) return [...mutants];
  const random = numbers(seed);
  const byFile = new Map();
  for (const mutant of mutants) {
    const others = byFile.get(mutant.file) ?? [];
    others.push(mutant);
    byFile.set(mutant.file, others);
  }
  return [...byFile.values()].flatMap((those) => {
    const share = Math.round((size * those.length) / mutants.length);
    return shuffled(those, random).slice(0, Math.max(1, share));
  });
}

function shuffled(list, random) {
  const left = [...list];
  return list.map(() => left.splice(Math.floor(random() * left.length), 1)[0]);
}

/** The same numbers for the same seed (mulberry32). */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
