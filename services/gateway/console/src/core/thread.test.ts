import { describe, expect, it } from 'vitest';
import { message } from './samples';
import { deliveryOf, lineKey, Messages } from './thread';

const at = (second: number) => `2026-11-21T08:00:0${second}.5Z`;

describe('I6 a thread', () => {
  it('is sorted by time, and within the same time as the server has it', () => {
    const thread = new Messages();
    thread.keep(message({ id: 'b', at: at(2) }));
    thread.keep(message({ id: 'z', at: at(1) }));
    thread.keep(message({ id: 'a', at: at(1) }));
    thread.keep(message({ id: 'z', at: at(1), revision: 9 }));
    expect(thread.ids).toEqual(['z', 'a', 'b']);
  });

  it('forgets after a reset what the server does not list any more', () => {
    const thread = new Messages();
    thread.keep(message({ id: 'a' }));
    thread.keep(message({ id: 'b' }));
    thread.doubt();
    thread.keep(message({ id: 'b' }), true);
    expect(thread.sweep()).toEqual(['a']);
    expect(thread.ids).toEqual(['b']);
  });

  it('has a key that a reply keeps, and says how far it came', () => {
    const listed = message({ direction: 'out', client_id: 'k1', state: 'pending' });
    expect(lineKey(listed)).toBe('k1');
    expect(deliveryOf(listed)).toBe('sending');
    expect(deliveryOf(message())).toBeNull();
  });
});
