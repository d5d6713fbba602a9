import assert from 'node:assert/strict';
import { score, verify } from '../../src/guide/checks.ts';

const yes = { name: 'reads 4 bytes', ok: true };
const no = { name: 'sends no RST', ok: false, message: 'one was sent' };

describe('guide: score', () => {
  it('counts one point for a demand unless it says otherwise', () => {
    assert.deepEqual(score({ results: [yes, { ...yes, points: 3 }, no] }), { points: 4, of: 5, passed: false });
    assert.deepEqual(score({ results: [yes] }), { points: 1, of: 1, passed: true });
    assert.deepEqual(score({ results: [{ ...no, points: 0 }, yes] }), { points: 1, of: 1, passed: false });
  });

  it('does not pass an attempt that broke off or was asked nothing', () => {
    assert.deepEqual(score({ failure: 'EBADF', results: [yes] }), { points: 1, of: 1, passed: false });
    assert.deepEqual(score({ results: [] }), { points: 0, of: 0, passed: false });
  });
});

describe('guide: verify', () => {
  it('is content when only the solution passes', () => {
    assert.deepEqual(verify({ results: [yes, no] }, { results: [yes, yes] }), []);
    assert.deepEqual(verify({ failure: 'deadlock', results: [] }, { results: [yes] }), []);
  });

  it('names what the solution does not pass', () => {
    assert.deepEqual(verify({ results: [no] }, { results: [yes, no] }), [
      'The solution does not pass "sends no RST": one was sent.',
    ]);
    assert.deepEqual(verify({ results: [no] }, { failure: 'EBADF', results: [] }), ['The solution fails: EBADF']);
    assert.deepEqual(verify({ results: [no] }, { results: [] }), ['The check made no check of the solution.']);
  });

  it('names a starter that passes', () => {
    assert.deepEqual(verify({ results: [yes] }, { results: [yes] }), [
      'The starter passes already: the check asks for nothing.',
    ]);
  });
});
