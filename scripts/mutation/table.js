/** The output at the end of a run. */

/** @param {readonly import('./spec-trial.js').Tried[]} tried @param {number} all */
export function tableOf(tried, all) {
  const rows = new Map();
  for (const { file, outcome, reached } of tried) {
    for (const name of [file, file.slice(0, file.lastIndexOf('/')), 'all']) {
      const row = rows.get(name) ?? {
        mutants: 0,
        killed: 0,
        late: 0,
        unmet: 0,
      };
      row.mutants += 1;
      if (outcome !== undefined) row.killed += 1;
      if (outcome === 'timed out') row.late += 1;
      if (!reached) row.unmet += 1;
      rows.set(name, row);
    }
  }
  const names = [...rows.keys()].filter((name) => name !== 'all');
  names.sort((a, b) => a.localeCompare(b));
  const lines = [...names, 'all'].map((name) => {
    const { mutants, killed, late, unmet } = rows.get(name);
    const left = mutants - killed - unmet;
    const cells = [
      mutants,
      killed,
      late,
      left,
      unmet,
      percent(killed / mutants),
    ];
    return `| ${[name, ...cells].join(' | ')} |`;
  });
  const { mutants, killed } = rows.get('all') ?? { mutants: 1, killed: 0 };
  const part =
    mutants < all
      ? `A sample: ${mutants} of ${all} mutants.`
      : `All ${all} mutants.`;
  return {
    share: killed / mutants,
    text: [
      part,
      '',
      '| Where | Mutants | Killed | of them timed out | Survived | Not reached | Share |',
      '| --- | --: | --: | --: | --: | --: | --: |',
      ...lines,
    ].join('\n'),
  };
}

/** @param {readonly import('./spec-trial.js').Tried[]} tried */
export function survivorsOf(tried) {
  return tried
    .filter(({ outcome }) => outcome === undefined)
    .sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line)
    .map(
      ({ file, line, mutator, before, after, reached }) =>
        `${file}:${line} ${mutator}${reached ? '' : ', not reached'}\n` +
        `    - ${before}\n    + ${after}`,
    )
    .join('\n');
}

function percent(share) {
  return `${(share * 100).toFixed(1)} %`;
}
