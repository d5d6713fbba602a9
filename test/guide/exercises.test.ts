import assert from 'node:assert/strict';
import type { Notebook } from '../../src/format/notebook.ts';
import { parse } from '../../src/format/parse.ts';
import { exercises, type Reader } from '../../src/guide/exercises.ts';

function read(text: string): Notebook {
  const result = parse(text);
  assert.ok(result.ok, JSON.stringify(result));
  return result.notebook;
}

/** A cell of four lines and a blank one, so that cell number n begins in line 5n + 1. */
const cell = (options: string, language = 'typescript'): string =>
  `\`\`\`{code-cell} ${language}\n${options
    .split(' ')
    .map((option) => `:${option.replace('=', ': ')}\n`)
    .join('')}\`\`\`\n\n`;
const part = (name: string, language?: string): string => cell(`exercise=e part=${name}`, language);
const WHOLE = part('starter') + part('solution') + part('check');

/** Asserts the problems of a notebook, as `line message`. */
function problems(text: string, expected: readonly string[], reader?: Reader): void {
  const found = exercises(read(text), reader).problems.map(({ line, message }) => `${line} ${message}`);
  assert.deepEqual(found, expected);
}

describe('guide: exercises', () => {
  it('are collected by id, with their hints in order', () => {
    const text =
      'Prose.\n\n' +
      '```{code-cell} typescript\n:exercise: pong\n:part: starter\n:title: Answer pong\n\na\n```\n\n' +
      cell('exercise=other part=starter') +
      '```{code-cell} markdown\n:exercise: pong\n:part: hint\n\nOne\n```\n' +
      '```{code-cell} markdown\n:exercise: pong\n:part: hint\n\nTwo\n```\n' +
      cell('exercise=pong part=solution') +
      cell('exercise=pong part=check points=3') +
      cell('exercise=other part=check') +
      cell('exercise=other part=solution');
    const found = exercises(read(text));
    assert.deepEqual(found.problems, []);
    assert.deepEqual(
      found.exercises.map((e) => [
        e.id,
        e.title,
        e.starter.index,
        e.solution?.index,
        e.check.index,
        e.hints.map((h) => h.cell.source),
      ]),
      [
        ['pong', 'Answer pong', 1, 5, 6, ['One', 'Two']],
        ['other', 'other', 2, 8, 7, []],
      ],
    );
    assert.deepEqual(found.exercises[0]?.check.cell.options.extra, { points: '3' });
  });

  it('are none in a notebook without them', () => {
    assert.deepEqual(exercises(read('# T\n')), { exercises: [], problems: [] });
  });

  it('name missing parts', () => {
    problems(part('starter'), ['1 Exercise `e` has no solution.', '1 Exercise `e` has no check.']);
    problems(part('solution') + part('check'), ['1 Exercise `e` has no starter.']);
    problems(part('hint', 'markdown'), [
      '1 Exercise `e` has no starter.',
      '1 Exercise `e` has no solution.',
      '1 Exercise `e` has no check.',
    ]);
  });

  it('may lack the solution in a copy for a student, nothing else', () => {
    const copy = part('starter') + part('check');
    problems(copy, [], 'student');
    assert.equal(exercises(read(copy), 'student').exercises[0]?.solution, undefined);
    problems(part('starter'), ['1 Exercise `e` has no check.'], 'student');
  });

  it('name a second cell for one part, and an unknown part', () => {
    problems(WHOLE + part('solution'), ['16 Exercise `e` has a second solution; the first is in line 6.']);
    problems(WHOLE + part('soluton'), [
      '16 Unknown part `soluton` of exercise `e`: the parts are starter, solution, check, hint.',
    ]);
    assert.deepEqual(exercises(read(WHOLE + part('soluton'))).exercises, []);
  });

  it('name a part without an exercise, and the reverse', () => {
    problems(cell('part=starter'), ['1 Part `starter` needs an `:exercise:` that it belongs to.']);
    problems(WHOLE + cell('exercise=e'), [
      '16 A cell of exercise `e` needs a `:part:`: one of starter, solution, check, hint.',
    ]);
  });

  it('name a part in the wrong kind of cell', () => {
    problems(WHOLE + part('hint'), ['16 The hint of exercise `e` must be a markdown cell.']);
    problems(part('starter', 'markdown'), ['1 The starter of exercise `e` must be a code cell.']);
    problems(part('starter') + part('solution', 'shellscript') + part('check'), [
      "6 The solution of exercise `e` is not in its starter's language.",
    ]);
  });
});
