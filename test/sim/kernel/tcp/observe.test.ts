import assert from 'node:assert/strict';
import type { Time } from '../../../../src/sim/base/time.ts';
import type { Host } from '../../../../src/sim/kernel/host.ts';
import type { Socket } from '../../../../src/sim/kernel/socket.ts';
import { logTimers } from '../../../../src/sim/kernel/tcp/observe.ts';
import type { Tcb } from '../../../../src/sim/tcp/tcb.ts';
import { noTimers, TIMERS } from '../../../../src/sim/tcp/timers.ts';
import { Log } from '../../../../src/sim/trace/log.ts';

describe('what the log is told of timers', () => {
  it('every timer that is set, put off and switched off, once each, and which is due next', () => {
    for (const timer of TIMERS) {
      const log = new Log();
      const host = { index: 0, machine: { log } } as unknown as Host;
      const socket = { id: 7, observed: undefined } as unknown as Socket;
      const tcb = { timers: noTimers() } as Tcb;
      const turn = (at: number | undefined) => {
        tcb.timers[timer] = at as Time | undefined;
        return [logTimers(host, socket, tcb), logTimers(host, socket, tcb)];
      };
      assert.deepEqual(turn(undefined), [undefined, undefined]);
      assert.deepEqual(turn(5e9), [5e9, 5e9]);
      assert.deepEqual(turn(6e9), [6e9, 6e9]);
      assert.deepEqual(turn(undefined), [undefined, undefined]);
      assert.deepEqual(
        [...log].map((event) => [event.kind, 'timer' in event && event.timer, 'at' in event && event.at]),
        [
          ['timer.set', timer, 5e9],
          ['timer.set', timer, 6e9],
          ['timer.off', timer, false],
        ],
      );
    }
  });

  it('names the earliest of several', () => {
    const host = { index: 0, machine: { log: new Log() } } as unknown as Host;
    const socket = { id: 7, observed: undefined } as unknown as Socket;
    const timers = { ...noTimers(), retransmit: 300 as Time, 'delayed ACK': 40 as Time };
    assert.equal(logTimers(host, socket, { timers } as Tcb), 40);
  });
});
