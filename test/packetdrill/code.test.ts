/** Assertions in a script: the Python that they may use. */
import assert from 'node:assert/strict';
import { accepted, NEXT } from './kit.ts';

const code = (text: string) => accepted(`+0 %{ ${text} }%`);

const TRUE = [
  'assert tcpi_snd_cwnd == 10',
  "assert tcpi_snd_cwnd == 10, 'cwnd=%d' % tcpi_snd_cwnd",
  'assert 5 <= tcpi_snd_cwnd < 11 != 12',
  'assert tcpi_state == TCP_ESTABLISHED and not tcpi_ca_state',
  'assert (tcpi_options & TCPI_OPT_SACK) != 0 or tcpi_state == 0',
  'assert 7 // 2 == 3 and -7 // 2 == -4 and -7 % 3 == 2',
  'assert 1 << 4 | 1 == 17 and ~0 == -1 and 6 ^ 3 == 5',
  'assert 0x10 + 2 * 3 - 1 == 21',
  'cwnd = 4\ncwnd += 7; cwnd -= 1\nassert tcpi_snd_cwnd == cwnd  # a comment',
  'print(tcpi_snd_cwnd)',
  'assert 7 / 2 == 3.5 and 2 ** 3 == 8 and .5 + 1e3 == 1000.5',
  'assert abs(tcpi_snd_cwnd - 12) == 2 and max(1, min(5, 3)) == 3 and int(3.7) == 3',
  'n = 3 if tcpi_snd_cwnd > 20 else 4\nassert n == 4 and True and not False',
  'assert (tcpi_snd_cwnd == 10 and\n        tcpi_unacked == 0), (tcpi_snd_cwnd,\n tcpi_unacked)',
  'assert tcpi_snd_cwnd == \\\n 10',
  'TCP_INFINITE_SSTHRESH = 0x7fffffff\nassert tcpi_snd_ssthresh == TCP_INFINITE_SSTHRESH',
];

describe('code in a script', () => {
  for (const text of TRUE) it(`holds: ${JSON.stringify(text)}`, () => assert.deepEqual(code(text), { end: 'passed' }));

  it('shows the values of an assertion that does not hold', () => {
    assert.deepEqual(code('assert tcpi_snd_cwnd == 11 and tcpi_unacked == 0, tcpi_snd_cwnd'), {
      end: 'failed',
      line: NEXT,
      what: 'the assertion tcpi_snd_cwnd == 11 and tcpi_unacked == 0 does not hold',
      compared: [
        { field: 'tcpi_snd_cwnd', expected: '', actual: '10', same: false },
        { field: 'tcpi_unacked', expected: '', actual: '0', same: false },
      ],
    });
  });

  it('keeps names until the script ends', () => {
    assert.equal(accepted('+0 %{ n = 10 }%\n+0 %{ assert tcpi_snd_cwnd == n }%').end, 'passed');
  });

  it('refuses what it does not understand', () => {
    for (const text of [
      'import os',
      'assert tcpi_snd_cwnd ==',
      'assert (1',
      'assert f(1)',
      'assert 1 2',
      'x = "a"',
      'if 1: pass',
      'assert 1 if 2',
      'assert (1, 2) == 1',
    ]) {
      assert.equal(code(text).end, 'unsupported', text);
    }
  });
});
