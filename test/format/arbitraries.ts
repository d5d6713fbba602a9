/** Random texts and cells for the property tests of the format. */
import fc from 'fast-check';
import type { Cell, CellOptions } from '../../src/format/notebook.ts';
import { newCell } from '../../src/format/notebook.ts';

/** Line ends, the usual one more often. */
const eol = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r\n', '\r');

/** Lines that mean something to the format, and lines that nearly do. */
const nasty = fc.constantFrom(
  '',
  '',
  '',
  '  ',
  '\t',
  '+++',
  '+++ {"x": 1}',
  '++++',
  '+++x',
  ' +++',
  '---',
  '--- ',
  '----',
  '```',
  '````',
  '~~~',
  ' ```',
  '   ````  ',
  '    ```',
  '``` ```',
  '```ts',
  '```{code-cell} typescript',
  '```{code-cell}  shellscript ',
  '````{code-cell} packetdrill',
  '~~~{code-cell} markdown',
  '``` {code-cell} typescript\t',
  ' ```{code-cell} typescript',
  '> ```{code-cell} typescript',
  ':title: T  ',
  ':views: a, b',
  ':x-y:',
  ':label: one',
  ':bad',
  ':verbatim: true',
  '<!--',
  '-->',
  '<!-- c -->',
  '- item',
  '1. item',
  '  - nested',
  '<<<<<<< ours',
  '<<<<<<<x',
  '=======',
  '>>>>>>> theirs',
  'const a = 1;',
  '# Title',
  'trailing  ',
  '\ufeffbom',
  'u\u2028v\u2029w\u0085x\u00a0',
  '\ud800 lone \udc00',
  '\u{1f600}é漢',
  'title: x',
  'seed: 4',
  '\f\v',
);

const line = fc.oneof(
  { weight: 6, arbitrary: nasty },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }).filter((s) => !s.includes('\0')) },
);

const lines = (maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.tuple(line, eol), { maxLength }).map((rows) => rows.map(([text, end]) => text + end).join(''));

/** Some well-formed pieces, so that a good part of the texts parse and hold several cells. */
const piece = (end: string): fc.Arbitrary<string> =>
  fc.oneof(
    fc
      .tuple(
        fc.constantFrom('```', '````', '~~~', '~~~~~'),
        fc.constantFrom('typescript', 'shellscript', 'packetdrill', 'markdown', 'markdown  '),
        fc.array(fc.constantFrom(':views: a b', ':title: x: y ', ':tags:   [p, q]', ':unknown:', ':kernel: simulator')),
        fc.constantFrom('', '\n', ' \t\n'),
        fc.array(fc.constantFrom('code', '', '  ', '``', ':x', '\ud800', '# no', '+++', '<!--', 'let a = `b`;')),
        fc.constantFrom('', ' ', '   '),
      )
      .map(([run, language, options, gap, body, pad]) => {
        const unique = [...new Set(options)].map((option) => `${option}\n`).join('');
        const text = body.map((row) => `${row}\n`).join('');
        return `${run}{code-cell} ${language}\n${unique}${gap}${text}${pad}${run}${pad}\n`.replaceAll('\n', end);
      }),
    fc
      .constantFrom('# T', 'p\nq', '+++', '+++ m', '```js\nx\n```', '- a\n  ```\n  b\n  ```', '<!-- a\n\nb -->')
      .map((text) => `${text}\n`.replaceAll('\n', end)),
    fc.constantFrom('\n', '\n\n', '  \n').map((text) => text.replaceAll('\n', end)),
  );

const head = fc.constantFrom(
  '',
  '',
  '---\n---\n',
  '---\r\n# c\r\ntitle: "x"   # y\r\n---  \r\n',
  '---\nseed: 7\nother: {a: [1, 2]}\n---\n',
  '---\rlevel: a\r---\r',
);

/** A text of which good parts parse: nasty lines, well-formed pieces, any line ends, with and without a final one. */
export const anyText: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('', '', '', '\ufeff'),
    head,
    fc.oneof(
      lines(8),
      eol.chain((end) => fc.array(piece(end), { maxLength: 7 })).map((parts) => parts.join('')),
      fc.array(eol.chain(piece), { maxLength: 7 }).map((parts) => parts.join('')),
      fc.array(fc.oneof(eol.chain(piece), lines(2)), { maxLength: 6 }).map((parts) => parts.join('')),
    ),
    fc.nat({ max: 3 }),
  )
  .map(([bom, front, body, cut]) => {
    const text = bom + front + body;
    return cut === 0 ? text.replace(/(?:\r\n|\n|\r)$/, '') : text;
  });

/** What a user may type into a cell: any lines. */
export const anySource: fc.Arbitrary<string> = fc
  .array(line, { maxLength: 6 })
  .map((rows) => rows.join('\n').replace(/\r\n?/g, '\n'));

const slug = fc.constantFrom('a', 'b2', 'c-d');
const anyOptions: fc.Arbitrary<CellOptions> = fc.record(
  {
    label: slug,
    title: fc.constantFrom('T', 'a: b', '[x]', '"q"', '\ud800'),
    views: fc.constantFrom(['buffers'], ['states', 'sequence']),
    claims: fc.constantFrom(['a-b'], ['c', 'd']),
    exercise: slug,
    part: fc.constantFrom('starter', 'hint'),
    kernel: fc.constantFrom('simulator' as const, 'loopback' as const),
    extra: fc.constantFrom({ points: '3' }, { Later: '', 'x-y': 'a  b' }),
  },
  { requiredKeys: [] },
);

/** A new cell with any content. */
export const anyCell: fc.Arbitrary<Cell> = fc
  .tuple(
    fc.constantFrom('typescript' as const, 'shellscript' as const, 'markdown' as const, 'markdown' as const),
    anySource,
    fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: anyOptions }),
  )
  .map(([language, source, options]) => newCell(language, source, options));
