/** Outcomes as text, TAP and XML. */
import assert from 'node:assert/strict';
import { asJunit, asTap, asText, summary, type Verdict } from '../../src/packetdrill/report.ts';
import { ms } from '../../src/sim/base/time.ts';

const took = ms(250);
const VERDICTS: Verdict[] = [
  { file: 'a.pkt', outcome: { end: 'passed' }, took },
  {
    file: 'b<&>.pkt',
    outcome: {
      end: 'failed',
      line: 12,
      what: 'another packet was sent than the script expects',
      compared: [
        { field: 'flags', expected: 'P.', actual: '.', same: false },
        { field: 'ack', expected: '1', actual: '1', same: true },
      ],
    },
    took,
  },
  { file: 'c.pkt', outcome: { end: 'unsupported', line: 3, what: 'poll()' }, took },
  { file: 'd.pkt', outcome: { end: 'invalid', line: 4, column: 5, what: 'a value expected' }, took },
];

describe('reports of scripts', () => {
  it('as text', () => {
    assert.deepEqual(VERDICTS.map(asText), [
      'a.pkt: passed in 250 ms of virtual time',
      [
        'b<&>.pkt:12: another packet was sent than the script expects',
        '           expected  actual',
        '  * flags  P.        .',
        '    ack    1         1',
      ].join('\n'),
      'c.pkt:3: not supported: poll() at line 3',
      'd.pkt:4:5: a value expected',
    ]);
    assert.equal(summary(VERDICTS), '4 scripts: 1 passed, 1 failed, 1 not supported, 1 no script');
    assert.equal(summary(VERDICTS.slice(2, 3)), '1 script: 0 passed, 1 not supported');
  });

  it('as TAP', () => {
    assert.deepEqual(asTap(VERDICTS).split('\n'), [
      'TAP version 14',
      '1..4',
      'ok 1 - a.pkt',
      'not ok 2 - b<&>.pkt',
      '  ---',
      '  message: |',
      '    b<&>.pkt:12: another packet was sent than the script expects',
      '               expected  actual',
      '      * flags  P.        .',
      '        ack    1         1',
      '  ...',
      'ok 3 - c.pkt # SKIP not supported: poll() at line 3',
      'not ok 4 - d.pkt',
      '  ---',
      '  message: |',
      '    d.pkt:4:5: a value expected',
      '  ...',
    ]);
  });

  it("as JUnit's XML", () => {
    const xml = asJunit(VERDICTS);
    assert.match(xml, /<testsuite name="packetdrill" tests="4" failures="1" errors="1" skipped="1">/);
    assert.match(xml, /<testcase classname="packetdrill" name="a\.pkt" time="0\.25"\/>/);
    assert.match(xml, /name="b&#60;&#38;&#62;\.pkt"/);
    assert.match(xml, /<failure message="b&#60;[^"]*">[^<]*\* flags {2}P\. {8}\.\n/);
    assert.match(xml, /<skipped message="c\.pkt:3: not supported: poll\(\) at line 3"\/>/);
    assert.match(xml, /<error message="d\.pkt:4:5: a value expected"><\/error>/);
    assert.equal(xml.match(/<testcase /g)?.length, 4);
    assert.equal(xml.match(/<\/testcase>/g)?.length, 3);
  });
});
