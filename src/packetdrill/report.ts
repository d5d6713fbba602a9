/** Outcomes of scripts as text, as TAP (testanything.org, version 14), and as JUnit's XML. */
import { human, type Time } from '../sim/base/time.ts';
import type { Compared, Outcome } from './outcome.ts';

/** One script and how it ended. */
export interface Verdict {
  /** As the reader named it. */
  file: string;
  outcome: Outcome;
  /** Virtual time that it took. */
  took: Time;
}

/** Where and why, in one line: `file:12: …`; the file alone when it passed. */
export function headline({ file, outcome }: Verdict): string {
  switch (outcome.end) {
    case 'passed':
      return file;
    case 'invalid':
      return `${file}:${outcome.line}:${outcome.column}: ${outcome.what}`;
    case 'unsupported':
      return `${file}:${outcome.line}: not supported: ${outcome.what} at line ${outcome.line}`;
    case 'failed':
      return `${file}:${outcome.line}: ${outcome.what}`;
  }
}

const HEADINGS = { field: '', expected: 'expected', actual: 'actual' };

/** Expected and actual next to each other, one field per line; fields that differ are marked. */
export function sideBySide(compared: readonly Compared[]): string[] {
  if (compared.length === 0) return [];
  const rows = [{ ...HEADINGS, same: true }, ...compared];
  const width = (column: keyof typeof HEADINGS) => Math.max(...rows.map((row) => row[column].length));
  const [field, expected] = [width('field'), width('expected')];
  return rows.map((row) =>
    `  ${row.same ? ' ' : '*'} ${row.field.padEnd(field)}  ${row.expected.padEnd(expected)}  ${row.actual}`.trimEnd(),
  );
}

const details = ({ outcome }: Verdict): string[] => (outcome.end === 'failed' ? sideBySide(outcome.compared) : []);

const WORDS = { passed: 'passed', failed: 'failed', unsupported: 'not supported', invalid: 'no script' } as const;

/** `12 passed, 1 failed` */
export function summary(verdicts: readonly Verdict[]): string {
  const counts = (Object.keys(WORDS) as (keyof typeof WORDS)[]).map((end) => ({
    end,
    count: verdicts.filter(({ outcome }) => outcome.end === end).length,
  }));
  const words = counts
    .filter(({ count, end }) => count > 0 || end === 'passed')
    .map(({ end, count }) => `${count} ${WORDS[end]}`);
  return `${verdicts.length} ${verdicts.length === 1 ? 'script' : 'scripts'}: ${words.join(', ')}`;
}

/** One script for people. */
export const asText = (verdict: Verdict): string =>
  [
    verdict.outcome.end === 'passed'
      ? `${verdict.file}: passed in ${human(verdict.took)} of virtual time`
      : headline(verdict),
    ...details(verdict),
  ].join('\n');

/** All scripts for a TAP reader: what is not supported is skipped. */
export function asTap(verdicts: readonly Verdict[]): string {
  const lines = ['TAP version 14', `1..${verdicts.length}`];
  for (const [i, verdict] of verdicts.entries()) {
    const { file, outcome } = verdict;
    const ok = outcome.end === 'passed' || outcome.end === 'unsupported';
    const skip = outcome.end === 'unsupported' ? ` # SKIP not supported: ${outcome.what} at line ${outcome.line}` : '';
    lines.push(`${ok ? 'ok' : 'not ok'} ${i + 1} - ${file.replaceAll('#', '\\#')}${skip}`);
    if (!ok)
      lines.push(
        '  ---',
        '  message: |',
        ...[headline(verdict), ...details(verdict)].map((line) => `    ${line}`),
        '  ...',
      );
  }
  return lines.join('\n');
}

const escaped = (text: string): string =>
  text.replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g, '\ufffd').replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** All scripts for a reader of JUnit's XML. */
export function asJunit(verdicts: readonly Verdict[]): string {
  const count = (...ends: Outcome['end'][]) => verdicts.filter(({ outcome }) => ends.includes(outcome.end)).length;
  const cases = verdicts.map((verdict) => {
    const { file, outcome, took } = verdict;
    const open = `    <testcase classname="packetdrill" name="${escaped(file)}" time="${took / 1e9}"`;
    if (outcome.end === 'passed') return `${open}/>`;
    const message = escaped(headline(verdict));
    const inner =
      outcome.end === 'unsupported'
        ? `<skipped message="${message}"/>`
        : `<${outcome.end === 'invalid' ? 'error' : 'failure'} message="${message}">${escaped(details(verdict).join('\n'))}</${outcome.end === 'invalid' ? 'error' : 'failure'}>`;
    return `${open}>\n      ${inner}\n    </testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite name="packetdrill" tests="${verdicts.length}" failures="${count('failed')}" errors="${count('invalid')}" skipped="${count('unsupported')}">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
  ].join('\n');
}
