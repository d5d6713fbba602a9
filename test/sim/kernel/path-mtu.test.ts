import assert from 'node:assert/strict';
import { ms, s, ZERO } from '../../../src/sim/base/time.ts';
import { PathMtus } from '../../../src/sim/kernel/path-mtu.ts';
import { address } from '../../../src/sim/wire/address.ts';

const RULES = { least: 552, expires: 600 };
const [PEER, OTHER, PEER6] = ['10.0.0.2', '10.0.0.3', '2001:db8::2'].map(address) as [never, never, never];

describe('what routers say of paths', () => {
  it('holds for one address, and never beyond the first link', () => {
    const known = new PathMtus();
    assert.equal(known.of(PEER, 1500, ZERO), 1500);
    assert.ok(known.learn(PEER, 1400, 1500, RULES, ZERO));
    assert.deepEqual(
      [known.of(PEER, 1500, ZERO), known.of(OTHER, 1500, ZERO), known.of(PEER, 1300, ZERO)],
      [1400, 1500, 1300],
    );
  });

  it('is forgotten after net.ipv4.route.mtu_expires', () => {
    const known = new PathMtus();
    known.learn(PEER, 1400, 1500, RULES, ZERO);
    assert.equal(known.expire(PEER, s(599)), false);
    assert.equal(known.of(PEER, 1500, s(600)), 1500);
    assert.equal(known.expire(PEER, s(600)), true);
    assert.equal(known.expire(PEER, s(600)), false);
  });

  it('is refreshed only in the second half of its time', () => {
    const known = new PathMtus();
    known.learn(PEER, 1400, 1500, RULES, ZERO);
    assert.equal(known.learn(PEER, 1400, 1400, RULES, s(299)), false);
    assert.equal(known.learn(PEER, 1400, 1400, RULES, s(301)), true);
    assert.equal(known.of(PEER, 1500, s(900)), 1400);
  });

  it('is not believed below net.ipv4.route.min_pmtu: packets of that size may be fragmented then', () => {
    const known = new PathMtus();
    known.learn(PEER, 296, 1500, RULES, ZERO);
    assert.deepEqual([known.of(PEER, 1500, ZERO), known.mayFragment(PEER, ZERO)], [552, true]);
    assert.equal(known.mayFragment(PEER, s(600)), false);
    known.learn(OTHER, 1000, 1500, RULES, ZERO);
    assert.equal(known.mayFragment(OTHER, ms(1)), false);
  });

  it('never makes a path larger', () => {
    const known = new PathMtus();
    for (const peer of [PEER, PEER6]) assert.equal(known.learn(peer, 9000, 1500, RULES, ZERO), false);
  });

  it('is ignored in IPv6 below 1280 bytes, which every link takes', () => {
    const known = new PathMtus();
    assert.equal(known.learn(PEER6, 1279, 1500, RULES, ZERO), false);
    assert.equal(known.learn(PEER6, 1280, 1500, RULES, ZERO), true);
    assert.equal(known.of(PEER6, 1500, ZERO), 1280);
  });
});
