import assert from 'node:assert/strict';
import { allowed, available, DEFAULT, find, parseAllowed } from '../../../../src/sim/tcp/congestion/registry.ts';

describe('the algorithms of a host', () => {
  it('are known by name, CUBIC the default', () => {
    assert.equal(DEFAULT.name, 'cubic');
    for (const name of available().split(' ')) assert.equal(find(name)?.name, name);
    assert.equal(find('vegas'), undefined);
  });

  it('may be allowed by a list of known names', () => {
    assert.deepEqual(parseAllowed(' reno  cubic\n'), ['reno', 'cubic']);
    assert.equal(parseAllowed('reno vegas'), undefined);
    assert.deepEqual(parseAllowed(''), []);
  });

  it('are told in the order in which they are available, the default always among them', () => {
    assert.equal(allowed(['cubic', 'reno'], 'reno'), 'reno cubic');
    assert.equal(allowed(['reno'], 'cubic'), 'reno cubic');
  });
});
