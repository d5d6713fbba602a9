/** Names, calls and assignments: where a cell meets the session and its facade. */
import type * as acorn from 'acorn';
import { children, type Node, type TypedExpression, unwrap } from '../ast.ts';
import { CellSyntaxError } from '../parse.ts';
import { named } from './declarations.ts';
import type { Writer } from './writer.ts';

/** Operands that need parentheses once the `as T` around them, which binds more loosely, is gone. */
const LOOSER_THAN_MEMBER = new Set(['BinaryExpression', 'LogicalExpression', 'UnaryExpression', 'AwaitExpression']);

export function typedExpression(w: Writer, { expression }: TypedExpression): void {
  const loose = LOOSER_THAN_MEMBER.has(expression.type);
  if (loose) w.write('(', expression.start);
  w.emit(expression);
  if (loose) w.write(')', expression.end);
}

export function identifier(w: Writer, { name, start }: acorn.Identifier): void {
  w.write(w.isSession(name) ? `$nb.${name}` : name, start);
}

export function memberExpression(w: Writer, node: acorn.MemberExpression): void {
  if (node.computed) w.around(node);
  else w.parts(node, [node.object]);
}

/**
 * A call leaves its place behind around its last argument, so after the others and their calls: `f(a, $nb_at(3, b))`.
 * Without an argument to hold it, it spreads an empty array: this keeps `this`, `?.` and the engine's messages.
 */
export function call(w: Writer, node: acorn.CallExpression | acorn.NewExpression): void {
  const isNew = node.type === 'NewExpression';
  const place = isNew ? node.start : callPlace(node.callee);
  if (isNew) {
    w.write('new ', node.start);
    w.emit(node.callee);
  } else callee(w, node.callee);
  w.write(!isNew && node.optional ? '?.(' : '(', place);

  const last = node.arguments.at(-1);
  const others = node.arguments.slice(0, -1);
  if (!last || last.type === 'SpreadElement') {
    w.list(node.arguments);
    w.write(`${last ? ', ' : ''}...$nb_at(${place}, $nb_none))`, place);
  } else {
    w.list(others);
    w.write(`${others.length > 0 ? ', ' : ''}$nb_at(${place}, `, place);
    w.emit(last);
    w.write('))', place);
  }
}

export function taggedTemplate(w: Writer, { tag, quasi }: acorn.TaggedTemplateExpression): void {
  callee(w, tag);
  const last = quasi.expressions.at(-1);
  if (!last) {
    w.emit(quasi);
    return;
  }
  const before = children(quasi).filter((part) => part.end <= last.start);
  w.parts({ start: quasi.start, end: last.start }, before);
  w.write(`$nb_at(${callPlace(tag)}, (`, last.start);
  w.emit(last);
  w.write('))', last.end);
  w.copy(last.end, quasi.end);
}

export function assignment(w: Writer, node: acorn.AssignmentExpression): void {
  if (w.sessionName(node.left)) {
    w.emit(node.left);
    // an engine blames the operator for an assignment to a constant; a reader looks for the name
    w.write(` ${node.operator} `, node.left.start);
    named(w, node.left, node.right);
  } else w.around(node);
}

export function update(w: Writer, node: acorn.UpdateExpression): void {
  if (node.prefix) w.write(node.operator, node.argument.start);
  w.emit(node.argument);
  if (!node.prefix) w.write(node.operator, node.argument.start);
}

export function unary(w: Writer, node: acorn.UnaryExpression): void {
  const operand = unwrap(node.argument);
  if (node.operator === 'delete' && operand.type === 'Identifier') {
    throw new CellSyntaxError('A variable can not be deleted', node.start, node.end - node.start);
  }
  const name = w.sessionName(operand);
  if (name && node.operator === 'typeof') w.write(`typeof $nb_typeof.${name.name}`, node.start);
  else w.around(node);
}

/** A called name must not get the scope object as its `this`. */
function callee(w: Writer, node: Node): void {
  const name = w.sessionName(node);
  if (name) w.write(`(0,$nb.${name.name})`, name.start);
  else w.emit(node);
}

/** Where engines and readers see a call: at the name of the method, or at the start of the callee. */
function callPlace(node: Node): number {
  const inner = unwrap(node);
  return inner.type === 'MemberExpression' ? inner.property.start : node.start;
}
