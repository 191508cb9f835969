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

  it('forgets what became a part of another message', () => {
    const thread = new Messages();
    thread.keep(message({ id: 'a' }));
    expect(thread.drop('a', 3)).toBe(false);
    expect(thread.drop('a', 4)).toBe(true);
    expect(thread.keep(message({ id: 'a', revision: 4 }))).toBe(false);
    expect(thread.ids).toEqual([]);
  });

  it('takes a message of the page with the text of a pending reply for its echo', () => {
    const thread = new Messages();
    const ours = message({ id: 'r', direction: 'out', state: 'pending', text: 'Dạ' });
    const page = { kind: 'page', id: 'page-1', name: 'Shop' };
    const echo = message({ id: 'e', direction: 'out', state: 'sent', text: 'Dạ', author: page });
    thread.keep(ours);
    expect(thread.isProbablyEcho(echo)).toBe(true);
    thread.keep({ ...ours, revision: 8, state: 'sent' });
    expect(thread.isProbablyEcho(echo)).toBe(false);
  });

  it('has a key that a reply keeps, and says how far it came', () => {
    const listed = message({ direction: 'out', client_id: 'k1', state: 'pending' });
    expect(lineKey(listed)).toBe('k1');
    expect(deliveryOf(listed)).toBe('sending');
    expect(deliveryOf(message())).toBeNull();
  });
});
