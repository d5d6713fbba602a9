/** The shell of back-quoted commands: how a text falls into simple commands. */
import assert from 'node:assert/strict';
import { simpleCommands } from '../../src/packetdrill/shell.ts';

const words = (text: string) => simpleCommands(text).map((command) => command.words);

describe('a shell text', () => {
  it('falls into words and commands', () => {
    assert.deepEqual(words('a "b c" \\\n d; e && f || g | h # i\n\n# j\nk $((2*3))'), [
      ['a', 'b c', 'd'],
      ['e'],
      ['f'],
      ['g'],
      ['h'],
      ['k', '6'],
    ]);
    assert.deepEqual(words('x=a"b c"\'d\' e='), [['x=ab cd', 'e=']]);
    assert.deepEqual(words(''), []);
  });

  it('says when each command runs', () => {
    const when = simpleCommands('a || b && c; d').map((command) => command.when);
    assert.deepEqual(when, ['always', 'failed', 'succeeded', 'always']);
  });

  it('says what reads from a pipe', () => {
    assert.deepEqual(
      simpleCommands('a | b; c').map((command) => command.piped),
      [false, true, false],
    );
  });

  it('says where output goes', () => {
    const to = (text: string) => simpleCommands(text).map((command) => command.to);
    assert.deepEqual(to('echo 1 > /a; echo 1 >>/b; c 1>/d'), ['/a', '/b', '/d']);
    assert.deepEqual(to('a > /dev/null 2>&1; b &> /dev/null; c 2>/tmp/err'), [undefined, undefined, undefined]);
    assert.deepEqual(words('a > /dev/null 2>&1 b'), [['a', 'b']]);
  });
});
