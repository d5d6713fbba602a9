/**
 * Functions and classes. Their heads are written anew, because types and line breaks may hide between the parts; each
 * function asks on entry whether to stop.
 */
import type * as acorn from 'acorn';
import { boundNames, lexicalDeclarations, nameSet, varDeclarations } from '../names.ts';
import { key, named } from './declarations.ts';
import type { Writer } from './writer.ts';

type FunctionNode =
  | acorn.FunctionDeclaration
  | acorn.AnonymousFunctionDeclaration
  | acorn.FunctionExpression
  | acorn.ArrowFunctionExpression;

export function functionDefinition(w: Writer, node: FunctionNode): void {
  const arrow = node.type === 'ArrowFunctionExpression';
  if (node.id) w.check(node.id);
  if (node.async) w.write('async ', node.start);
  if (!arrow) w.write(`function${node.generator ? '*' : ''} ${node.id?.name ?? ''}`, node.start);
  // the name of a function expression is its own; that of a declaration is its block's
  const own = node.type === 'FunctionExpression' && node.id ? [node.id] : [];
  w.within(nameSet(own), () => parametersAndBody(w, node, arrow));
}

/** `(a, b) { ... }`, or `(a, b) => ...`. */
function parametersAndBody(w: Writer, node: acorn.Function, arrow: boolean): void {
  const parameters = node.params.filter((p) => !(p.type === 'Identifier' && p.name === 'this'));
  const names = nameSet(parameters.flatMap(boundNames), arrow ? [] : [{ name: 'arguments' }]);
  w.inFunction(() =>
    w.within(names, () => {
      w.write('(', node.start);
      w.list(parameters);
      w.write(arrow ? ') => ' : ') ', node.start);
      if (node.body.type === 'BlockStatement') functionBody(w, node.body);
      else {
        w.write('($nb_tick(), ', node.body.start);
        w.emit(node.body);
        w.write(')', node.body.end);
      }
    }),
  );
}

function functionBody(w: Writer, body: acorn.BlockStatement): void {
  w.within(nameSet(lexicalDeclarations(body.body), varDeclarations(body.body)), () => {
    w.write('{ $nb_tick(); ', body.start);
    w.parts({ start: body.start + 1, end: body.end }, body.body);
  });
}

export function classDefinition(
  w: Writer,
  node: acorn.ClassDeclaration | acorn.AnonymousClassDeclaration | acorn.ClassExpression,
): void {
  if (node.id) w.check(node.id);
  const isSession = node.type === 'ClassDeclaration' && w.atTopLevel;
  if (isSession) w.write(`$nb_let.${node.id?.name} = `, node.start);
  w.write(`class ${node.id?.name ?? ''} `, node.start);
  w.within(nameSet(node.id ? [node.id] : []), () => {
    if (node.superClass) {
      w.write('extends ', node.superClass.start);
      w.emit(node.superClass);
      w.write(' ', node.superClass.end);
    }
    w.around(node.body);
  });
  if (isSession) w.write(';', node.end);
}

export function methodDefinition(w: Writer, node: acorn.MethodDefinition): void {
  if (node.static) w.write('static ', node.start);
  if (node.kind === 'get' || node.kind === 'set') w.write(`${node.kind} `, node.start);
  method(w, node, node.value);
}

export function propertyDefinition(w: Writer, node: acorn.PropertyDefinition): void {
  const { value } = node;
  if (node.static) w.write('static ', node.start);
  key(w, node);
  if (value) {
    w.write(' = ', node.key.end);
    w.inFunction(() => w.emit(value));
  }
  w.write(';', node.end);
}

export function staticBlock(w: Writer, node: acorn.StaticBlock): void {
  const scope = nameSet(lexicalDeclarations(node.body), varDeclarations(node.body));
  w.inFunction(() => w.within(scope, () => w.around(node)));
}

/** A property of an object literal, or of a pattern. */
export function property(w: Writer, node: acorn.Property | acorn.AssignmentProperty): void {
  const { value } = node;
  if (node.kind !== 'init') w.write(`${node.kind} `, node.start);
  if (value.type === 'FunctionExpression' && (node.method || node.kind !== 'init')) {
    method(w, node, value);
    return;
  }
  if (node.shorthand) {
    // { x } and { x = 1 } name a property and a variable at once
    const name = w.sessionName(value.type === 'AssignmentPattern' ? value.left : value);
    if (name) w.write(`${name.name}: `, node.start);
  } else {
    key(w, node);
    w.write(': ', node.key.end);
  }
  w.emit(value);
}

export function assignmentPattern(w: Writer, node: acorn.AssignmentPattern): void {
  w.emit(node.left);
  w.write(' = ', node.left.start);
  named(w, node.left, node.right);
}

/** `async *key(a, b) { ... }` */
function method(
  w: Writer,
  node: acorn.MethodDefinition | acorn.Property | acorn.AssignmentProperty,
  value: acorn.Function,
): void {
  if (value.async) w.write('async ', node.start);
  if (value.generator) w.write('*', node.start);
  key(w, node);
  parametersAndBody(w, value, false);
}
