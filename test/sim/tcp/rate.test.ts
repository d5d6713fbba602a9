import assert from 'node:assert/strict';
import { seq } from '../../../src/sim/base/seq.ts';
import { ms, type Time } from '../../../src/sim/base/time.ts';
import {
  beginSample,
  checkAppLimited,
  deliveryRate,
  generateSample,
  newRateBlock,
  type RateBlock,
  type RatedSegment,
  segmentDelivered,
  segmentSent,
} from '../../../src/sim/tcp/rate.ts';
import { SACKED } from '../../../src/sim/tcp/send-queue.ts';

type Sent = { -readonly [K in keyof RatedSegment]: RatedSegment[K] };

let end = 0;
function send(rate: RateBlock, at: Time, outstanding: number): Sent {
  end += 1000;
  const segment: Sent = {
    at,
    end: seq(end),
    marks: 0,
    txDelivered: 0,
    txDeliveredUs: 0,
    txFirstSentUs: 0,
    txAppLimited: false,
  };
  segmentSent(rate, segment, outstanding);
  return segment;
}

function acknowledge(rate: RateBlock, segments: Sent[], now: Time, minRttUs = 1000) {
  beginSample(rate, segments.length);
  for (const segment of segments) segmentDelivered(rate, segment);
  rate.delivered += segments.length;
  return generateSample(rate, segments.length, 0, false, minRttUs, now);
}

describe('the delivery rate', () => {
  it('of a burst is what came per round trip', () => {
    const rate = newRateBlock();
    const burst = [0, 1, 2, 3].map((i) => send(rate, ms(100), i));
    const sample = acknowledge(rate, burst, ms(120));
    assert.deepEqual([sample.delivered, sample.intervalUs], [4, 20_000]);
    assert.equal(deliveryRate(rate, 1000), 200_000);
  });

  it('is never more than the rate of sending: acknowledgments that come together do not fool it', () => {
    const rate = newRateBlock();
    rate.delivered = 1;
    const spread = Array.from({ length: 10 }, (_, i) => send(rate, ms(100 + 10 * i), i));
    const sample = acknowledge(rate, spread, ms(191));
    assert.deepEqual([sample.delivered, sample.intervalUs], [10, 91_000]);
    const later = send(rate, ms(200), 0);
    assert.equal(acknowledge(rate, [later], ms(220)).delivered, 1);
  });

  it('takes no sample from less time than the smallest round trip', () => {
    const rate = newRateBlock();
    const sample = acknowledge(rate, [send(rate, ms(100), 0)], ms(101), 20_000);
    assert.equal(sample.intervalUs, -1);
    assert.equal(deliveryRate(rate, 1000), 0);
  });

  it('counts a segment held out of order once', () => {
    const rate = newRateBlock();
    rate.delivered = 1;
    const [first, second] = [send(rate, ms(100), 0), send(rate, ms(100), 1)];
    beginSample(rate, 2);
    second.marks |= SACKED;
    segmentDelivered(rate, second);
    rate.delivered++;
    assert.equal(generateSample(rate, 1, 0, false, 1000, ms(120)).delivered, 1);
    const sample = acknowledge(rate, [first], ms(130));
    segmentDelivered(rate, second);
    assert.equal(sample.ackedSacked, 1);
    assert.equal(sample.delivered, 2);
  });

  it('remembers that the program had nothing more to send', () => {
    const rate = newRateBlock();
    const first = send(rate, ms(100), 0);
    checkAppLimited(rate, 0, 1000, 1, 10, 0, 0);
    const second = send(rate, ms(105), 1);
    assert.equal(acknowledge(rate, [first], ms(120)).isAppLimited, false);
    assert.equal(acknowledge(rate, [second], ms(125)).isAppLimited, true);
    const third = send(rate, ms(130), 0);
    assert.equal(acknowledge(rate, [third], ms(150)).isAppLimited, false);
  });

  it('is not the program that limits while the window is full or losses wait', () => {
    for (const [inFlight, lost] of [
      [10, 0],
      [5, 1],
    ] as const) {
      const rate = newRateBlock();
      checkAppLimited(rate, 0, 1000, inFlight, 10, lost, 0);
      assert.equal(rate.appLimited, 0);
    }
  });
});
