import { KINDS, LAYERS, ROOMS } from './layers.js';

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
function table(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join(
    '\n',
  );
}

const code = (/** @type {string} */ text) => `\`${text}\``;

/** @param {readonly string[]} names */
function list(names) {
  return names.length === 0 ? 'nothing' : names.map(code).join(', ');
}

/** @param {readonly string[]} imports */
function layersIn(imports) {
  const own = LAYERS.filter(({ folder }) => imports.includes(folder));
  const none = LAYERS.filter(({ folder }) => !imports.includes(folder));
  return none.length <= 2
    ? `all but ${none.map(({ folder }) => code(folder)).join(', ')}`
    : list(own.map(({ folder }) => folder));
}

/** @param {typeof LAYERS[number]} layer */
function packagesOf({ nest, packages = 'any' }) {
  if (packages === 'none') return 'none';
  if (packages === 'browser') return "none of Nest's or Node's";
  return nest ? 'any' : "none of Nest's";
}

/** The tables of CONTRIBUTING, by the name of their place. */
export function tables() {
  return {
    layers: table(
      ['Folder', 'What it is', 'Imports', 'Packages'],
      [
        ...LAYERS.map((layer) => [
          code(`src/${layer.folder}`),
          layer.is,
          layersIn(layer.imports),
          packagesOf(layer),
        ]),
        ...KINDS.map(({ files, layer, is, imports, nest }) => [
          code(`src/${layer}/${files}`),
          is,
          list(imports),
          packagesOf({ folder: '', is, imports, nest }),
        ]),
      ],
    ),
    rooms: table(
      ['Room', 'What it is', 'Imports of its neighbours'],
      ROOMS.map(({ folder, is, rooms, hall = true }) => {
        const parent = folder.slice(0, folder.lastIndexOf('/'));
        const names = rooms.map((name) => name.slice(parent.length + 1));
        const beside = hall ? ['the files beside it'] : [];
        const all = [...names.map(code), ...beside];
        return [
          code(folder),
          is,
          all.length === 0 ? 'nothing' : all.join(', '),
        ];
      }),
    ),
  };
}
