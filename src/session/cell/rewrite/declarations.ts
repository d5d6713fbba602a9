/** Variables: those of the session become properties of the scope object, all others stay what they are. */
import type * as acorn from 'acorn';
import { isNamelessDefinition, type Node } from '../ast.ts';
import type { Writer } from './writer.ts';

/** What a session's declaration assigns to. */
type Store = '$nb' | '$nb_let' | '$nb_const';

export function variableDeclaration(w: Writer, node: acorn.VariableDeclaration): void {
  const store = storeOf(w, node);
  if (store) {
    const declared = node.declarations.filter((d) => d.init || node.kind === 'let');
    assignments(w, store, declared);
    w.write(';', node.end);
  } else statement(w, node);
}

/** The declaration in the head of a `for`. */
export function forDeclaration(w: Writer, node: acorn.VariableDeclaration, loop: 'for' | 'for-in-of'): void {
  const store = storeOf(w, node);
  const valued = node.declarations.filter((d) => d.init);
  if (!store) w.around(node);
  else if (loop === 'for') assignments(w, store, valued);
  else target(w, node.declarations[0]!.id, store);
}

/** A statement that ends with a semicolon, whether or not the cell wrote one. */
export function statement(w: Writer, node: Node): void {
  w.around(node);
  if (w.source[node.end - 1] !== ';') w.write(';', node.end);
}

/** A value assigned to a name: a nameless function or class takes that name, as it would from a variable. */
export function named(w: Writer, id: Node, value: Node): void {
  const name = w.sessionName(id)?.name;
  const naming = name !== undefined && name !== '__proto__' && isNamelessDefinition(value);
  if (naming) w.write(`({ ${name}: `, value.start);
  w.emit(value);
  if (naming) w.write(` }).${name}`, value.end);
}

/** The key of a property or of a class member. */
export function key(w: Writer, node: { key: Node; computed: boolean }): void {
  if (node.computed) {
    w.write('[', node.key.start);
    w.emit(node.key);
    w.write(']', node.key.end);
  } else w.copy(node.key.start, node.key.end);
}

function storeOf(w: Writer, node: acorn.VariableDeclaration): Store | undefined {
  if (node.kind === 'var') return w.outsideFunctions ? '$nb' : undefined;
  if (!w.atTopLevel) return undefined;
  return node.kind === 'const' ? '$nb_const' : '$nb_let';
}

function assignments(w: Writer, store: Store, declarators: readonly acorn.VariableDeclarator[]): void {
  declarators.forEach(({ id, init }, i) => {
    if (i > 0) w.write(', ', id.start);
    const pattern = id.type !== 'Identifier';
    if (pattern) w.write('(', id.start);
    target(w, id, store);
    w.write(' = ', id.start);
    if (init) named(w, id, init);
    else w.write('undefined', id.start);
    if (pattern) w.write(')', id.end);
  });
}

/** A binding pattern as the target of an assignment. */
function target(w: Writer, pattern: acorn.Pattern, store: Store): void {
  switch (pattern.type) {
    case 'Identifier':
      w.check(pattern);
      // a `var` inside `catch (e)` may mean that e
      w.write(w.isSession(pattern.name) ? `${store}.${pattern.name}` : pattern.name, pattern.start);
      break;
    case 'AssignmentPattern':
      target(w, pattern.left, store);
      w.write(' = ', pattern.left.start);
      named(w, pattern.left, pattern.right);
      break;
    case 'RestElement':
      w.write('...', pattern.start);
      target(w, pattern.argument, store);
      break;
    case 'ArrayPattern':
      arrayTarget(w, pattern, store);
      break;
    case 'ObjectPattern':
      objectTarget(w, pattern, store);
      break;
    default:
      w.emit(pattern);
  }
}

function arrayTarget(w: Writer, pattern: acorn.ArrayPattern, store: Store): void {
  w.write('[', pattern.start);
  for (const element of pattern.elements) {
    if (element) target(w, element, store);
    if (element?.type !== 'RestElement') w.write(', ', pattern.start);
  }
  w.write(']', pattern.end);
}

function objectTarget(w: Writer, pattern: acorn.ObjectPattern, store: Store): void {
  w.write('{ ', pattern.start);
  pattern.properties.forEach((property, i) => {
    if (i > 0) w.write(', ', property.start);
    if (property.type === 'Property') {
      key(w, property);
      w.write(': ', property.start);
      target(w, property.value, store);
    } else target(w, property, store);
  });
  w.write(' }', pattern.end);
}
