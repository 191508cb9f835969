import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { ATTEMPTS, begin, end, type Outbox, refuse, restore, retry, store } from './outbox';
import { NO_ANSWER, type Problem } from './problem';

const REFUSED: Problem = { ...NO_ANSWER, status: 422 };
const given = { key: 'k1', conversation: 'msg_1', body: { text: 'Dạ còn ạ' }, at: '2026-11-21' };

describe('I6 a reply', () => {
  it('is tried again while nobody answers, and then the agent is asked', () => {
    let outbox = begin(new Map(), given);
    for (let attempt = 1; attempt < ATTEMPTS; attempt++) outbox = refuse(outbox, 'k1', NO_ANSWER);
    expect(outbox.get('k1')?.state).toBe('sending');
    outbox = refuse(outbox, 'k1', NO_ANSWER);
    expect(outbox.get('k1')?.state).toBe('failed');
    expect(retry(outbox, 'k1').get('k1')).toMatchObject({ state: 'sending', attempts: 0 });
  });

  it('is not tried again after it was refused', () => {
    expect(refuse(begin(new Map(), given), 'k1', REFUSED).get('k1')?.state).toBe('failed');
  });

  it('is found again after the page was loaded anew', () => {
    const outbox = begin(new Map(), given);
    expect(restore(store(outbox))).toEqual(outbox);
    expect(restore('[{"key":1}]')).toEqual(new Map());
    expect(restore('{')).toEqual(new Map());
  });
});

type Step = 'begin' | 'no answer' | 'refused' | 'retry' | 'listed' | 'discarded';
const STEPS: readonly Step[] = ['begin', 'no answer', 'refused', 'retry', 'listed', 'discarded'];

test('a reply that ended comes back by nothing but a new one, and its body never changes', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...STEPS)), (steps) => {
      let outbox: Outbox = begin(new Map(), given);
      for (const step of steps) {
        const before = outbox.get('k1');
        if (step === 'begin') outbox = begin(outbox, given);
        if (step === 'no answer') outbox = refuse(outbox, 'k1', NO_ANSWER);
        if (step === 'refused') outbox = refuse(outbox, 'k1', REFUSED);
        if (step === 'retry') outbox = retry(outbox, 'k1');
        if (step === 'listed' || step === 'discarded') outbox = end(outbox, 'k1');
        if (before === undefined && step !== 'begin') expect(outbox.has('k1')).toBe(false);
        expect(outbox.get('k1')?.body ?? given.body).toBe(given.body);
        expect(outbox.size).toBeLessThanOrEqual(1);
      }
    }),
  );
});
