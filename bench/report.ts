import type { Requirement, Table } from './group.js';
import { median } from './rounds.js';

/** The median, and the least and the greatest of the rounds: they tell how far to trust it. */
function figure(values: readonly number[], digits: number): string {
  const [middle, least, most] = [
    median(values),
    Math.min(...values),
    Math.max(...values),
  ].map((value) => value.toFixed(digits));
  return values.length === 1 ? `${middle}` : `${middle} (${least}-${most})`;
}

function align(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  return lines
    .map((cells) =>
      cells
        .map((cell, column) =>
          column === 0
            ? cell.padEnd(widths[column] ?? 0)
            : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function formatTable({ title, columns, rows }: Table): string {
  const rounds = Math.max(0, ...rows.map(({ samples }) => samples.length));
  return [
    `${title} (${rounds === 1 ? '1 round' : `median of ${rounds} rounds`})`,
    align([
      ['', ...columns.map(({ heading }) => heading)],
      ...rows.map(({ name, samples }) => [
        name,
        ...columns.map(({ key, digits }) =>
          figure(
            samples.map((sample) => sample[key] ?? NaN),
            digits,
          ),
        ),
      ]),
    ]),
  ].join('\n');
}

export type Verdict = 'ok' | 'MISSED' | 'not measured';

export function judge(requirement: Requirement): Verdict {
  const { bound, direction, measured } = requirement;
  if (measured.length === 0) return 'not measured';
  const value = median(measured);
  return (direction === 'at most' ? value <= bound : value >= bound)
    ? 'ok'
    : 'MISSED';
}

export const formatRequirements = (
  requirements: readonly Requirement[],
): string =>
  align([
    ['must reach', 'bound', 'measured', ''],
    ...requirements.map((requirement) => {
      const { text, bound, direction, unit, measured } = requirement;
      return [
        text,
        `${direction} ${bound} ${unit}`,
        measured.length === 0 ? '-' : figure(measured, 2),
        judge(requirement),
      ];
    }),
  ]);
