/**
 * What the rules of the rewriter work with: the rope they write, the scopes around the node they rewrite, and
 * {@link Writer.emit}, which applies the right rule to a node. Knows no rule.
 */
import type * as acorn from 'acorn';
import { children, isErased, isTypedExpression, type Node, unwrap } from '../ast.ts';
import { CellSyntaxError } from '../parse.ts';
import { refusal } from '../refuse.ts';
import type { Rope } from '../rope.ts';

/** Writes one node. */
export type Rule = (writer: Writer, node: Node) => void;

/** Identifiers that are values rather than variables, nearly: they can't be assigned, so they need no scope. */
const CONSTANTS = new Set(['undefined', 'NaN', 'Infinity']);

export class Writer {
  readonly source: string;
  readonly #rope: Rope;
  readonly #ruleFor: (node: Node) => Rule | undefined;
  readonly #globals: readonly string[];
  /** Names that are not the session's, innermost scope last. */
  readonly #locals: ReadonlySet<string>[] = [];
  #functionDepth = 0;

  /** @param globals the names to offer to a cell that imports. */
  constructor(source: string, rope: Rope, globals: readonly string[], ruleFor: (node: Node) => Rule | undefined) {
    this.source = source;
    this.#rope = rope;
    this.#globals = globals;
    this.#ruleFor = ruleFor;
  }

  // --- scopes

  /** True outside every block and function: what is declared here belongs to the session. */
  get atTopLevel(): boolean {
    return this.#locals.length === 0;
  }

  /** True outside every function: a `var` here belongs to the session. */
  get outsideFunctions(): boolean {
    return this.#functionDepth === 0;
  }

  /** Is this name the session's, seen from here? */
  isSession(name: string): boolean {
    return !CONSTANTS.has(name) && !this.#locals.some((scope) => scope.has(name));
  }

  /** The node as a reference to a session name, if that is what it is. */
  sessionName(node: Node): acorn.Identifier | undefined {
    const inner = unwrap(node);
    return inner.type === 'Identifier' && this.isSession(inner.name) ? inner : undefined;
  }

  /** Writes something inside a scope that declares these names. */
  within(scope: ReadonlySet<string>, write: () => void): void {
    this.#locals.push(scope);
    write();
    this.#locals.pop();
  }

  inFunction(write: () => void): void {
    this.#functionDepth++;
    write();
    this.#functionDepth--;
  }

  // --- output

  /** Copies a stretch of the cell. */
  copy(start: number, end: number): void {
    this.#rope.copy(start, end);
  }

  /** Writes text that stands for the place `origin` of the cell. */
  write(text: string, origin: number): void {
    this.#rope.write(text, origin);
  }

  /** Writes a node, rewritten. Throws {@link CellSyntaxError} when it can't stand in a cell. */
  emit(node: Node): void {
    this.check(node);
    const rule = this.#ruleFor(node);
    if (isErased(node)) this.write(';', node.start);
    else if (rule) rule(this, node);
    else this.around(node);
  }

  /** Throws {@link CellSyntaxError} when the node can't stand in a cell. */
  check(node: Node): void {
    const refused = refusal(node, this.#globals);
    if (refused) throw new CellSyntaxError(refused.message, refused.start, refused.end - refused.start);
  }

  /** Copies a node, with its children rewritten in their places. */
  around(node: Node): void {
    this.parts(node, children(node));
  }

  /** Copies a range, with these parts of it rewritten; types among them vanish. */
  parts(range: { start: number; end: number }, parts: readonly Node[]): void {
    let end = range.start;
    for (const part of parts) {
      this.copy(end, part.start);
      if (isTypedExpression(part) || isErased(part) || !isType(part)) this.emit(part);
      end = part.end;
    }
    this.copy(end, range.end);
  }

  /** Writes nodes with commas between them. */
  list(nodes: readonly Node[]): void {
    nodes.forEach((node, i) => {
      if (i > 0) this.write(', ', node.start);
      this.emit(node);
    });
  }
}

/** A type in the middle of code, such as an annotation. TypeScript's statements are for the rules to refuse. */
function isType(node: Node): boolean {
  return node.type.startsWith('TS') && !/(?:Declaration|Assignment|ParameterProperty)$/.test(node.type);
}
