import assert from 'node:assert/strict';
import { clockText } from '../../src/extension/clock-text.ts';
import type { SlotState } from '../../src/extension/session-slot.ts';
import { s } from '../../src/sim/base/time.ts';

const state = (kernel: 'simulator' | 'loopback', running = false): SlotState => ({
  config: { kernel, seed: 42, topology: { hosts: [], links: [] } },
  now: s(60.02),
  events: 311,
  runs: 4,
  running,
});

describe('the clock in the status bar', () => {
  it('shows virtual time, kernel and seed', () => {
    assert.match(clockText(state('simulator')).text, /60\.020000 s · Simulator · seed 42/);
  });

  it('turns while a cell runs', () => {
    assert.match(clockText(state('simulator', true)).text, /\$\(sync~spin\)/);
    assert.match(clockText(state('simulator', true)).spoken, /running/);
  });

  it('speaks neither of a seed nor of virtual time when the sockets are real', () => {
    const { text, tooltip, spoken } = clockText(state('loopback'));
    assert.match(text, /Real loopback sockets/);
    assert.doesNotMatch(text + tooltip + spoken, /seed|[Vv]irtual/);
  });
});
