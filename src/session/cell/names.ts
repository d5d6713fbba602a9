/**
 * Which names a piece of a cell declares. Scopes follow ECMA-262 in strict mode: `let`, `const`, `class` and functions
 * belong to their block, `var` to its function. Types declare nothing.
 */
import type * as acorn from 'acorn';
import { children, isErased, type Node } from './ast.ts';

/** Every name a binding pattern binds, in source order. */
export function boundNames(pattern: acorn.Pattern): acorn.Identifier[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern];
    case 'ObjectPattern':
      return pattern.properties.flatMap((p) => boundNames(p.type === 'Property' ? p.value : p.argument));
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element ? boundNames(element) : []));
    case 'RestElement':
      return boundNames(pattern.argument);
    case 'AssignmentPattern':
      return boundNames(pattern.left);
    default:
      return [];
  }
}

/** How a name was declared. */
export type DeclarationKind = 'const' | 'let' | 'var' | 'function' | 'class';

export interface Declaration {
  readonly name: string;
  readonly kind: DeclarationKind;
}

/** What the statements of one block declare in that block: everything but `var`. */
export function lexicalDeclarations(statements: readonly Node[]): Declaration[] {
  return statements.flatMap((statement): Declaration[] => {
    if (isErased(statement)) return [];
    switch (statement.type) {
      case 'VariableDeclaration':
        return statement.kind === 'const' || statement.kind === 'let' ? variables(statement, statement.kind) : [];
      case 'FunctionDeclaration':
        return statement.id ? [{ name: statement.id.name, kind: 'function' }] : [];
      case 'ClassDeclaration':
        return statement.id ? [{ name: statement.id.name, kind: 'class' }] : [];
      default:
        return [];
    }
  });
}

/** The `var`s anywhere inside these nodes that belong to the function around them. */
export function varDeclarations(nodes: readonly Node[]): Declaration[] {
  return nodes.flatMap((node): Declaration[] => {
    if (isErased(node) || FUNCTION_LIKE.has(node.type)) return [];
    const here = node.type === 'VariableDeclaration' && node.kind === 'var' ? variables(node, 'var') : [];
    return [...here, ...varDeclarations(children(node))];
  });
}

const FUNCTION_LIKE = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression', 'StaticBlock']);

function variables(node: acorn.VariableDeclaration, kind: DeclarationKind): Declaration[] {
  return node.declarations.flatMap((d) => boundNames(d.id).map(({ name }) => ({ name, kind })));
}

export function nameSet(...lists: readonly (readonly { name: string }[])[]): Set<string> {
  return new Set(lists.flat().map(({ name }) => name));
}
