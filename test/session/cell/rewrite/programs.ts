/**
 * Random small programs for the differential test: declarations that shadow each other, closures, patterns, loops,
 * jumps, exceptions, classes, generators and awaits, over four variable names so that scopes collide all the time.
 *
 * Every loop and every function spends `fuel()`, which throws when it is used up, so every program ends. What a program
 * does is seen through `log(...)`.
 */
import fc from 'fast-check';

const NAMES = ['a', 'b', 'c', 'd'] as const;
const name = fc.constantFrom(...NAMES);

const join = (separator: string) => (parts: string[]) => parts.join(separator);
/** Text with holes for other random texts. */
function text(strings: TemplateStringsArray, ...holes: fc.Arbitrary<string>[]): fc.Arbitrary<string> {
  return fc.tuple(...holes).map((parts) => strings.reduce((all, s, i) => all + parts[i - 1] + s));
}

/** Declarations of some of the names, each of a random kind. */
function declarations(
  expression: fc.Arbitrary<string>,
  body: fc.Arbitrary<string>,
  whole: boolean,
): fc.Arbitrary<string[]> {
  const kinds = fc.constantFrom('const', 'let', 'class', 'function', 'pattern', 'arrow', ...(whole ? ['async'] : []));
  const one = (id: string) =>
    fc.tuple(kinds, expression, expression, body).map(([kind, x, y, statements]) => {
      switch (kind) {
        case 'class':
          return `class ${id} { static p = ${x}; q = ${y}; static get r() { return ${id}.p } m(b = ${x}) { fuel(); ${statements} return ${y} } }`;
        case 'function':
          return `function ${id}(c, d = ${x}) { fuel(); ${statements} return ${y} }`;
        case 'pattern':
          return `let { ${id} = ${x} } = { e: ${y} };`;
        case 'arrow':
          return `const ${id} = (b, [c = ${x}] = []) => (fuel(), ${y});`;
        case 'async':
          return `const ${id} = async (a) => { fuel(); ${statements} return ${y} };`;
        default:
          return `${kind} ${id} = ${x};`;
      }
    });
  return fc.subarray([...NAMES], { minLength: 1 }).chain((ids) => fc.tuple(...ids.map(one)));
}

interface Parts {
  expression: string;
  statement: string;
  block: string;
  statements: string;
}

/**
 * @param whole false for programs that are to be cut into cells. There, `typeof` knows less of what is declared below,
 * and a task that nobody waits for gets on between two cells.
 */
const partsOf = (whole: boolean) =>
  fc.letrec<Parts>((tie: fc.LetrecTypedTie<Parts>) => {
    const x = tie('expression');
    const leaf = fc.oneof(
      { weight: 5, arbitrary: name },
      fc.constantFrom(
        '0',
        '1',
        '2',
        '"s"',
        'null',
        'undefined',
        'true',
        '[]',
        '{}.x',
        '({ a: 1, b: [2] })',
        'this',
        'zork',
      ),
      whole ? text`typeof ${name}` : text`typeof (${name} + 1)`,
    );
    const operator = fc.constantFrom('+', '-', '*', '<', '===', '&&', '||', '??', '|', ',');
    const assign = fc.constantFrom('=', '+=', '??=', '||=', '&&=', '-=');
    return {
      expression: fc.oneof(
        { maxDepth: 3, depthIdentifier: 'program' },
        { weight: 3, arbitrary: leaf },
        text`(${x} ${operator} ${x})`,
        text`(${name} ${assign} ${x})`,
        text`(${x} ? ${x} : ${x})`,
        text`${name}(${x})`,
        text`${name}?.(${x}, ${x})`,
        text`${name}()`,
        text`new ${name}(${x})`,
        text`(${x})?.${name}`,
        text`(${x})?.${name}.p?.(${x})`,
        text`(${x}).m?.(${x})`,
        text`${name}++`,
        text`--${name}`,
        text`{ ${name}, b: ${x} }`.map((s) => `(${s})`),
        text`([${name}, ${name}] = [${x}, ${x}])`,
        text`({ a: ${name}, b: ${name} = ${x} } = (${x}) ?? {})`,
        text`[${x}, ...[${x}]]`,
        text`((${name}) => (fuel(), ${x}))`,
        text`(function ${name}(a, ...b) { fuel(); return ${x} })`,
        text`(function () { fuel(); return [this, arguments.length] })(${x})`,
        text`\`\${${x}}-\${${x}}\``,
        text`((s, ...v) => (fuel(), v[0]))\`_\${${x}}_\``,
        text`(await ${x})`,
        text`[...(function* () { fuel(); const ${name} = yield ${x}; yield ${x} })()]`,
        text`(class { static p = ${x} }).p`,
      ),
      statement: fc.oneof(
        { maxDepth: 4, depthIdentifier: 'program' },
        text`log(${x});`,
        { weight: 8, arbitrary: text`try { log(${x}) } catch (e) { log(e.name) }` },
        { weight: 2, arbitrary: text`;(${x})\n` },
        tie('block'),
        text`if (${x}) ${tie('statement')} else ${tie('statement')}`,
        text`for (let ${name} = 0; fuel() && ${name} < 3; ${name}++) ${tie('statement')}`,
        text`for (const ${name} of [${x}, ${x}]) { fuel(); ${tie('statement')} }`,
        text`for (${name} of [${x}, 1]) ${tie('statement')}`,
        text`for (const [${name} = ${x}] of [[1], []]) ${tie('block')}`,
        text`for (const ${name} in { p: 1, q: 2 }) ${tie('statement')}`,
        text`while (fuel() && ${x}) { ${tie('statement')} if (${x}) break; }`,
        text`do ${tie('statement')} while (fuel() && ${x})\n`,
        text`out: for (let ${name} of [1, 2]) { fuel(); for (;;) { fuel(); ${tie('statement')} if (${x}) continue out; break } }`,
        text`try { ${tie('statements')} } catch (${name}) { log(${name}.name); ${tie('statement')} }`,
        text`try { ${tie('statements')} } catch { ${tie('statement')} } finally { log(${name}) }`,
        text`try { throw { a: ${x} } } catch ({ a: ${name} }) ${tie('block')}`,
        text`switch (${x}) { case ${x}: let ${name} = ${x}; default: ${tie('statement')} }`,
        text`throw ${x};`,
      ),
      block: declarations(x, tie('statement'), whole).chain(
        (declared) => text`{ ${shuffled(declared, tie('statements'))} }`,
      ),
      statements: fc.array(tie('statement'), { maxLength: 3, depthIdentifier: 'program' }).map(join('\n')),
    };
  });

/** Declarations before, among and after other statements. */
function shuffled(declared: readonly string[], statements: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const pieces = declared.map((d) =>
    fc.tuple(fc.boolean(), statements).map(([first, s]) => (first ? `${d}\n${s}` : `${s}\n${d}`)),
  );
  return pieces.length === 0 ? statements : fc.tuple(...pieces).map(join('\n'));
}

/** All four names with values that mostly work, in functions and classes with random insides. */
function prelude({ expression, statement }: Insides, more: readonly string[]): fc.Arbitrary<string[]> {
  const kinds = ['let', 'const', 'pattern', 'function', 'arrow', 'generator', 'class', ...more];
  const plain = fc.constantFrom(
    '1',
    '"t"',
    '[3, [4]]',
    '({ a: 1, b: 2, m: (x) => x })',
    '(x) => x',
    'class {}',
    '{}.x',
  );
  const one = (id: string) =>
    fc.tuple(fc.constantFrom(...kinds), plain, expression, statement).map(([kind, value, x, inside]) => {
      switch (kind) {
        case 'pattern':
          return `let { p: [${id} = ${value}] } = { p: [] };`;
        case 'function':
          return `function ${id}(c, d = c) { fuel(); ${inside} return ${x} }`;
        case 'arrow':
          return `const ${id} = (b, ...[c]) => (fuel(), ${x});`;
        case 'async':
          return `async function ${id}(a) { fuel(); ${inside} return await ${x} }`;
        case 'generator':
          return `function* ${id}(b) { fuel(); ${inside} yield ${x}; return yield* [1] }`;
        case 'class':
          return `class ${id} { static p = 1; q = ${x}; static get r() { return ${id}.p } m(b) { fuel(); ${inside} return this } }`;
        default:
          return `${kind} ${id} = ${value};`;
      }
    });
  return fc.tuple(...NAMES.map(one));
}

type Insides = { expression: fc.Arbitrary<string>; statement: fc.Arbitrary<string> };

const guarded = (statements: string) => `try { ${statements} } catch (e) { log(e.name) }`;

const parts = partsOf(true);

/** A program, and the expression that is its value. */
export const program: fc.Arbitrary<{ body: string; result: string }> = fc.record({
  body: fc
    .tuple(
      prelude(parts, ['var', 'async']),
      fc.array(fc.oneof(parts.statements, parts.statements.map(guarded)), { minLength: 1, maxLength: 4 }),
    )
    .map(([declared, statements]) => [...declared, ...statements].join('\n')),
  result: parts.expression,
});

const cellParts = partsOf(false);

/** A program as a list of cells, with its functions in the first; none of them ends with an expression. */
export const cells: fc.Arbitrary<string[]> = prelude(cellParts, []).chain((declared) => {
  const isHoisted = (d: string) => /^function/.test(d);
  const rest = declared.filter((d) => !isHoisted(d)).map((d) => cellParts.statements.map((s) => `${d}\n${guarded(s)}`));
  return fc
    .tuple(...rest, cellParts.statements, cellParts.statements.map(guarded))
    .map((sources) => [declared.filter(isHoisted).join('\n'), ...sources].map((source) => `${source}\n{}`));
});
