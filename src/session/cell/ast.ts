/**
 * The syntax tree of a cell: acorn's ESTree nodes, plus what the TypeScript plugin adds to them.
 *
 * The plugin marks types in two ways. A type is a node whose name starts with `TS`; and an ordinary node may carry
 * type-only fields (`declare`, `abstract`, `typeAnnotation`). The rewriter drops the first and ignores the second, so
 * only the few TypeScript nodes that wrap a run-time expression have an interface here.
 */
import type * as acorn from 'acorn';

/** A TypeScript node that evaluates to the expression inside it: `x as T`, `x satisfies T`, `x!`, `<T>x`, `f<T>`. */
export interface TypedExpression {
  type: (typeof TYPED_EXPRESSIONS)[number];
  start: number;
  end: number;
  expression: acorn.Expression;
}

export const TYPED_EXPRESSIONS = [
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSTypeAssertion',
  'TSInstantiationExpression',
] as const;

/** Any other node of the plugin: a type, or a TypeScript statement. */
export interface TypeNode {
  type: `TS${string}` | 'Decorator';
  start: number;
  end: number;
}

export type Node = acorn.AnyNode | TypedExpression;

/** Type-only fields that the plugin puts on ordinary nodes. */
export interface TypeMarks {
  declare?: boolean;
  abstract?: boolean;
  importKind?: 'type' | 'value';
  exportKind?: 'type' | 'value';
  decorators?: readonly TypeNode[];
  accessor?: boolean;
}

export function marks(node: { type: string }): TypeMarks {
  return node as TypeMarks;
}

export function isTypedExpression(node: { type: string }): node is TypedExpression {
  return (TYPED_EXPRESSIONS as readonly string[]).includes(node.type);
}

/** True for a node that is gone at run time: a type, an overload signature, a `declare`d or abstract thing. */
export function isErased(node: { type: string }): boolean {
  const mark = marks(node);
  if (mark.declare || mark.importKind === 'type' || mark.exportKind === 'type') return true;
  switch (node.type) {
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
    case 'TSDeclareFunction':
    case 'TSIndexSignature':
      return true;
    case 'MethodDefinition': // an overload signature, or an abstract method: no body
      return (node as { value?: { type: string } }).value?.type === 'TSDeclareMethod';
    case 'PropertyDefinition':
      return mark.abstract === true;
    default:
      return false;
  }
}

/** The expression inside parentheses and type wrappers: the one that decides what a call's `this` is. */
export function unwrap(node: Node): Node {
  let inner: Node = node;
  while (inner.type === 'ParenthesizedExpression' || isTypedExpression(inner)) inner = inner.expression;
  return inner;
}

/** True for `() => ...`, `function () {}`, `class {}`: the expressions that take the name they are assigned to. */
export function isNamelessDefinition(node: Node): boolean {
  const inner = unwrap(node);
  if (inner.type === 'ArrowFunctionExpression') return true;
  return (inner.type === 'FunctionExpression' || inner.type === 'ClassExpression') && !inner.id;
}

/** The direct child nodes, in source order. */
export function children(node: Node): Node[] {
  const found: Node[] = [];
  for (const value of Object.values(node)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (typeof item === 'object' && item !== null && typeof item.type === 'string') found.push(item as Node);
    }
  }
  return found.sort((a, b) => a.start - b.start);
}
