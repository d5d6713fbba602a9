/**
 * From the syntax tree of a cell to the JavaScript that runs.
 *
 * Four things happen in one walk. Types vanish. Names of the session (top-level declarations, globals) become properties
 * of the scope object, so that they outlive the cell. Every loop and every function asks on each turn whether to stop.
 * Every call leaves its place behind, after its arguments were evaluated and before the callee runs:
 *
 *     let n = 0;                          $nb_let.n = 0;
 *     while (n < 2)                       while ($nb.n < 2) { $nb_tick();
 *       n += write(fd, await read());       $nb.n += (0,$nb.write)($nb.fd, $nb_at(30, await (0,$nb.read)(...))); }
 *
 * Text that only moves is copied; the head of a function, class, loop, call or `catch` is written anew, because types
 * and line breaks may hide between its parts. Every statement gets its semicolon, since a type that vanishes may have
 * been what kept two lines apart. A node without a rule is copied around its rewritten children.
 *
 * The names written into the code are the parameters listed in {@link PARAMETERS}; scope.ts supplies them.
 */
import type { Program } from 'acorn';
import { isErased, type Node } from '../ast.ts';
import { lexicalDeclarations } from '../names.ts';
import type { Rope } from '../rope.ts';
import { statement, variableDeclaration } from './declarations.ts';
import * as expressions from './expressions.ts';
import * as functions from './functions.ts';
import * as statements from './statements.ts';
import { type Rule, Writer } from './writer.ts';

/** What rewritten code takes as parameters, in order. */
export const PARAMETERS = [
  '$nb', // the scope: one property per name of the session
  '$nb_let', // assigning to a property of it declares a variable
  '$nb_const', // ... a constant
  '$nb_typeof', // reading a property of it does not fail for want of a declaration
  '$nb_at', // (offset, x) => x: a call follows
  '$nb_none', // an empty array, for calls without arguments
  '$nb_tick', // () => void: throws when the cell should stop
  '$nb_caught', // (error) => void: throws on what must not be caught
  '$nb_throw', // (offset, x) => x: x is about to be thrown
] as const;

type Rules = { [T in Node['type']]?: (w: Writer, node: Extract<Node, { type: T }>) => void };

const RULES: Rules = {
  // expressions.ts
  Identifier: expressions.identifier,
  MemberExpression: expressions.memberExpression,
  CallExpression: expressions.call,
  NewExpression: expressions.call,
  TaggedTemplateExpression: expressions.taggedTemplate,
  AssignmentExpression: expressions.assignment,
  UpdateExpression: expressions.update,
  UnaryExpression: expressions.unary,
  TSAsExpression: expressions.typedExpression,
  TSSatisfiesExpression: expressions.typedExpression,
  TSNonNullExpression: expressions.typedExpression,
  TSTypeAssertion: expressions.typedExpression,
  TSInstantiationExpression: expressions.typedExpression,
  MetaProperty: statements.verbatim,
  // functions.ts
  FunctionDeclaration: functions.functionDefinition,
  FunctionExpression: functions.functionDefinition,
  ArrowFunctionExpression: functions.functionDefinition,
  ClassDeclaration: functions.classDefinition,
  ClassExpression: functions.classDefinition,
  MethodDefinition: functions.methodDefinition,
  PropertyDefinition: functions.propertyDefinition,
  StaticBlock: functions.staticBlock,
  Property: functions.property,
  AssignmentPattern: functions.assignmentPattern,
  // declarations.ts
  VariableDeclaration: variableDeclaration,
  ExpressionStatement: statement,
  ReturnStatement: statement,
  DebuggerStatement: statement,
  // statements.ts
  ThrowStatement: statements.throwStatement,
  BreakStatement: statements.jump,
  ContinueStatement: statements.jump,
  LabeledStatement: statements.labelled,
  BlockStatement: statements.block,
  SwitchStatement: statements.switchStatement,
  CatchClause: statements.catchClause,
  ForStatement: statements.forStatement,
  ForInStatement: statements.forInOf,
  ForOfStatement: statements.forInOf,
  WhileStatement: statements.whileStatement,
  DoWhileStatement: statements.doWhile,
};

// each rule takes the nodes of the type it stands under, which the table's type says and an index can't
const ruleFor = (node: Node) => RULES[node.type] as Rule | undefined;

/**
 * Writes the body of an async function that runs the cell and returns the value of its last expression.
 * @param globals the names to offer to a cell that imports. Throws CellSyntaxError.
 */
export function rewrite(source: string, program: Program, rope: Rope, globals: readonly string[]): void {
  const w = new Writer(source, rope, globals, ruleFor);
  const body: readonly Node[] = program.body;
  for (const { name, kind } of lexicalDeclarations(body)) {
    if (kind === 'function') w.write(`$nb_let.${name} = ${name}; `, 0);
  }
  const last = body.findLast((node) => node.type !== 'EmptyStatement' && !isErased(node));
  let end = 0;
  for (const node of body) {
    w.copy(end, node.start);
    if (node === last && node.type === 'ExpressionStatement') {
      w.write('return (', node.start);
      w.emit(node.expression);
      w.write(');', node.end);
    } else w.emit(node);
    end = node.end;
  }
  w.copy(end, source.length);
}
