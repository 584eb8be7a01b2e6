import ts from 'typescript';

/** How members are called that are nobody's but their own code's. */
const PRIVATE = /^(?:\$+|_)[a-z]/i;

/**
 * The places where a file reads a private member of something else: tests would
 * break with the code's insides, and pass while what users see is broken. A class
 * that extends one of ours may use what it inherits.
 *
 * @param {string} path
 * @param {string} text
 * @returns {{ line: number, name: string }[]}
 */
export function privateReads(path, text) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  /** @type {{ line: number, name: string }[]} */
  const found = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    const name = readBy(node);
    if (name !== undefined && PRIVATE.test(name)) {
      const at = source.getLineAndCharacterOfPosition(node.getEnd());
      found.push({ line: at.line + 1, name });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/**
 * The member that a node reads of something else.
 *
 * @param {ts.Node} node
 * @returns {string | undefined}
 */
function readBy(node) {
  if (ts.isPropertyAccessExpression(node)) {
    return isOwn(node.expression) ? undefined : node.name.text;
  }
  if (ts.isElementAccessExpression(node)) {
    const { argumentExpression: name } = node;
    const isName = ts.isStringLiteralLike(name) && !isOwn(node.expression);
    return isName ? name.text : undefined;
  }
  if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
    const name = node.propertyName ?? node.name;
    const isName = ts.isIdentifier(name) || ts.isStringLiteralLike(name);
    return isName ? name.text : undefined;
  }
  return undefined;
}

/** @param {ts.Expression} of */
function isOwn(of) {
  let whose = of;
  while (ts.isPropertyAccessExpression(whose)) whose = whose.expression;
  return (
    whose.kind === ts.SyntaxKind.ThisKeyword ||
    whose.kind === ts.SyntaxKind.SuperKeyword
  );
}
