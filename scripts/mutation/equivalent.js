/**
 * Mutants that no test can kill, since nothing that anybody sees differs. They are
 * not counted. Each has its reason; a row that fits no mutant any more is told.
 *
 * @typedef {{ file: string, before: string, after: string, why: string }} Equivalent
 * @type {readonly Equivalent[]}
 */
export const EQUIVALENT = [];
