/**
 * What a cell may not contain although it parses, and what to write instead. The list is short: cells know no modules,
 * and of TypeScript only what can be erased (as with `erasableSyntaxOnly`).
 */
import type { Node, TypeNode } from './ast.ts';
import { isErased, marks } from './ast.ts';

/** Names that the rewriter writes into cells begin with this. */
export const RESERVED = '$nb';

const NO_ENUM = 'An enum is code as well as a type. Write `const Color = { Red: 0, Green: 1 } as const` instead';
const NO_NAMESPACE = 'A namespace is code as well as a type. Write `const shapes = { ... }` instead';
const NO_PARAMETER_PROPERTY =
  'A parameter property is code as well as a type. Declare the field and assign it in the constructor';
const NO_EXPORT = 'Leave `export` out: what a cell declares is known in every later cell';
const NO_DECORATOR = 'Decorators do not run here';
const NO_ACCESSOR = '`accessor` does not run here. Write a getter and a setter';

const REFUSED: Readonly<Record<string, string>> = {
  TSEnumDeclaration: NO_ENUM,
  TSModuleDeclaration: NO_NAMESPACE,
  TSParameterProperty: NO_PARAMETER_PROPERTY,
  ExportNamedDeclaration: NO_EXPORT,
  ExportDefaultDeclaration: NO_EXPORT,
  ExportAllDeclaration: NO_EXPORT,
  TSExportAssignment: NO_EXPORT,
  TSNamespaceExportDeclaration: NO_EXPORT,
};

const IMPORTS = new Set(['ImportDeclaration', 'ImportExpression', 'TSImportEqualsDeclaration']);

export interface Refusal {
  message: string;
  start: number;
  end: number;
}

/** Why this node can't stand in a cell, if so. `globals` are the names to offer in place of an import. */
export function refusal(node: Node | TypeNode, globals: readonly string[]): Refusal | undefined {
  if (isErased(node)) return undefined;
  const at = (message: string, place: { start: number; end: number } = node) => ({
    message,
    start: place.start,
    end: place.end,
  });
  const decorator = marks(node).decorators?.[0];
  if (decorator) return at(NO_DECORATOR, decorator);
  if (marks(node).accessor) return at(NO_ACCESSOR);
  if (IMPORTS.has(node.type)) return at(noImport(globals));
  if (node.type === 'MetaProperty' && node.meta.name === 'import')
    return at('A cell is no module: it has no import.meta');
  if (node.type === 'Identifier' && node.name.startsWith(RESERVED)) {
    return at(`Names that begin with ${RESERVED} are kept for the notebook itself`);
  }
  const message = REFUSED[node.type];
  return message === undefined ? undefined : at(message);
}

function noImport(globals: readonly string[]): string {
  const offer = globals.length === 0 ? '' : `: ${globals.join(', ')}`;
  return `A cell can't import modules. What it may use is there without an import${offer}`;
}
