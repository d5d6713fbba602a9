/** Blocks, loops, `throw` and `catch`. Each turn of a loop asks whether to stop, before anything else in it. */
import type * as acorn from 'acorn';
import type { Node } from '../ast.ts';
import { boundNames, lexicalDeclarations, nameSet } from '../names.ts';
import { forDeclaration } from './declarations.ts';
import type { Writer } from './writer.ts';

export function block(w: Writer, node: acorn.BlockStatement): void {
  w.within(nameSet(lexicalDeclarations(node.body)), () => w.around(node));
}

/** A block without its opening brace, after which something else was written. */
function restOfBlock(w: Writer, node: acorn.BlockStatement): void {
  const rest = { start: node.start + 1, end: node.end };
  w.within(nameSet(lexicalDeclarations(node.body)), () => w.parts(rest, node.body));
}

/** Copied as it stands: a label is no variable. */
export function verbatim(w: Writer, node: Node): void {
  w.copy(node.start, node.end);
}

export function jump(w: Writer, node: acorn.BreakStatement | acorn.ContinueStatement): void {
  w.copy(node.start, node.end);
  if (w.source[node.end - 1] !== ';') w.write(';', node.end);
}

export function labelled(w: Writer, node: acorn.LabeledStatement): void {
  w.parts(node, [node.body]);
}

export function switchStatement(w: Writer, node: acorn.SwitchStatement): void {
  const { discriminant, cases } = node;
  w.parts({ start: node.start, end: discriminant.end }, [discriminant]);
  const scope = nameSet(lexicalDeclarations(cases.flatMap((c) => c.consequent)));
  w.within(scope, () => w.parts({ start: discriminant.end, end: node.end }, cases));
}

export function throwStatement(w: Writer, node: acorn.ThrowStatement): void {
  w.write(`throw $nb_throw(${node.start}, (`, node.start);
  w.emit(node.argument);
  w.write('));', node.end);
}

/** First thing in a `catch`: what asks the cell to stop is thrown on. */
export function catchClause(w: Writer, { param, body, start }: acorn.CatchClause): void {
  const name = param?.type === 'Identifier' ? param.name : '$nb_error';
  if (param) w.check(param);
  w.write(`catch (${name}) { $nb_caught(${name}); `, start);
  w.within(nameSet(param ? boundNames(param) : []), () => {
    if (param && param.type !== 'Identifier') {
      w.write('let ', param.start);
      w.emit(param);
      w.write(' = $nb_error; ', param.start);
    }
    restOfBlock(w, body);
  });
}

export function forStatement(w: Writer, node: acorn.ForStatement): void {
  const { init, test, update } = node;
  w.within(headScope(init), () => {
    w.write('for (', node.start);
    if (init?.type === 'VariableDeclaration') forDeclaration(w, init, 'for');
    else if (init) w.emit(init);
    w.write('; ', node.start);
    if (test) w.emit(test);
    w.write('; ', node.start);
    if (update) w.emit(update);
    w.write(') ', node.start);
    loopBody(w, node.body);
  });
}

export function forInOf(w: Writer, node: acorn.ForInStatement | acorn.ForOfStatement): void {
  w.within(headScope(node.left), () => {
    w.write(node.type === 'ForOfStatement' && node.await ? 'for await (' : 'for (', node.start);
    if (node.left.type === 'VariableDeclaration') {
      w.check(node.left);
      forDeclaration(w, node.left, 'for-in-of');
    } else w.emit(node.left);
    w.write(node.type === 'ForInStatement' ? ' in ' : ' of ', node.right.start);
    w.emit(node.right);
    w.write(') ', node.start);
    loopBody(w, node.body);
  });
}

export function whileStatement(w: Writer, node: acorn.WhileStatement): void {
  w.write('while (', node.start);
  w.emit(node.test);
  w.write(') ', node.start);
  loopBody(w, node.body);
}

export function doWhile(w: Writer, node: acorn.DoWhileStatement): void {
  w.write('do ', node.start);
  loopBody(w, node.body);
  w.write(' while (', node.test.start);
  w.emit(node.test);
  w.write(');', node.end);
}

function headScope(head: Node | null | undefined): Set<string> {
  return nameSet(head ? lexicalDeclarations([head]) : []);
}

function loopBody(w: Writer, body: Node): void {
  w.write('{ $nb_tick(); ', body.start);
  if (body.type === 'BlockStatement') restOfBlock(w, body);
  else {
    w.emit(body);
    w.write(' }', body.end);
  }
}
