/**
 * Typed reads of a YAML document: every read either gives a value or reports what is wrong at the value's own place.
 * It wraps the `yaml` package's document tree, which keeps source positions, and knows nothing of the front matter's keys.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';

/** Reports a fault at the offsets `[from, to)` of the YAML text. */
export type Report = (from: number, to: number, message: string) => void;

/** A value of the document with the key path that messages name it by. */
export interface Value {
  readonly name: string;
  readonly node: Node | null;
  /** Offsets of the value, or of its key when it is missing. */
  readonly from: number;
  readonly to: number;
  /** Offsets of its key; of the list when it is an item. */
  readonly key: readonly [number, number];
}

/** Rules for a number. */
export interface NumberRule {
  readonly min: number;
  readonly max: number;
  readonly integer?: true;
}

export class YamlReader {
  readonly #document: Document;
  readonly #report: Report;

  constructor(document: Document, report: Report) {
    this.#document = document;
    this.#report = report;
  }

  /** Reports a fault at a value. */
  fault(at: Value, message: string): undefined {
    this.#report(at.from, at.to, message);
  }

  /** Reports a fault at a value's key. */
  keyFault(at: Value, message: string): void {
    this.#report(...at.key, message);
  }

  /** Whether a value is a mapping. */
  isMap(value: Value): boolean {
    return isMap(value.node);
  }

  /** The entries of a mapping by key, in order; undefined and a report when the value is none. */
  map(value: Value): Map<string, Value> | undefined {
    if (!isMap(value.node)) return this.fault(value, `\`${value.name}\` must be a mapping of keys to values.`);
    return this.entries(value.node, value.name);
  }

  /** The entries of a mapping; keys that are not plain text are reported. */
  entries(map: YAMLMap, name: string): Map<string, Value> {
    const out = new Map<string, Value>();
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const [from, to] = span(pair.key);
      if (!isScalar(pair.key)) {
        this.#report(from, to, 'A key must be a plain word.');
        continue;
      }
      const key = String(pair.key.value);
      out.set(key, this.#value(name === '' ? key : `${name}.${key}`, pair.value, from, to));
    }
    return out;
  }

  /** The items of a sequence; undefined and a report when the value is none. */
  list(value: Value, of: string): Value[] | undefined {
    if (!isSeq(value.node)) return this.fault(value, `\`${value.name}\` must be a list of ${of}.`);
    return value.node.items.map((item, i) =>
      this.#value(`${value.name}[${i}]`, item as Node | null, value.from, value.to),
    );
  }

  /** A text of one line; numbers and other plain words count as they are spelled. */
  text(value: Value): string | undefined {
    const { node } = value;
    const plain = isScalar(node) && node.value !== null ? node : undefined;
    const found = typeof plain?.value === 'string' ? plain.value : plain?.source;
    if (!found || /^\s*$/.test(found)) return this.fault(value, `\`${value.name}\` must be a text.`);
    return found;
  }

  number(value: Value, { min, max, integer }: NumberRule): number | undefined {
    const found = isScalar(value.node) ? value.node.value : undefined;
    if (typeof found === 'number' && found >= min && found <= max && (!integer || Number.isInteger(found))) {
      return found;
    }
    const kind = integer ? 'a whole number' : 'a number';
    const range = max === Number.POSITIVE_INFINITY ? `of at least ${min}` : `from ${min} to ${max}`;
    return this.fault(value, `\`${value.name}\` must be ${kind} ${range}.`);
  }

  /** A text that must be one of the given words; numbers count as they are spelled. */
  choice<T extends string>(value: Value, words: readonly T[]): T | undefined {
    const { node } = value;
    const found = words.find((word) => isScalar(node) && (node.value === word || node.source === word));
    return found ?? this.fault(value, `\`${value.name}\` must be one of: ${words.join(', ')}.`);
  }

  #value(name: string, node: Node | null, keyFrom: number, keyTo: number): Value {
    const [from, to] = node?.range ? span(node) : [keyFrom, keyTo];
    const target = isAlias(node) ? (node.resolve(this.#document) ?? null) : node;
    if (isAlias(node) && !target) this.#report(from, to, `Bad YAML: no anchor \`&${node.source}\` stands before this.`);
    const range = from < to ? { from, to } : { from: keyFrom, to: keyTo };
    return { name, node: target, ...range, key: [keyFrom, keyTo] };
  }
}

function span(node: Node | null): [number, number] {
  return node?.range ? [node.range[0], node.range[1]] : [0, 0];
}
