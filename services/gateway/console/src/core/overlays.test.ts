import { describe, expect, it } from 'vitest';
import type { Conversation } from './model';
import { Overlays } from './overlays';
import { conversation } from './samples';

const LAN = { agent_id: 'lan', name: 'Lan' };
const MINH = { agent_id: 'minh', name: 'Minh' };

describe('a change of the viewer', () => {
  it('is shown until the server shows it, and changes no copy', () => {
    const overlays = new Overlays<Conversation>();
    const row = conversation();
    overlays.begin(row.id, { done: true });
    expect(overlays.show(row).done).toBe(true);
    expect(row.done).toBe(false);
    overlays.settle({ ...row, revision: 2, unread: 3 });
    expect(overlays.show(row).done).toBe(true);
    overlays.settle({ ...row, revision: 3, done: true });
    expect(overlays.has(row.id)).toBe(false);
  });

  it('ends with the version of the answer, whoever has it by then', () => {
    const overlays = new Overlays<Conversation>();
    const row = conversation({ version: 4 });
    const token = overlays.begin(row.id, { assignee: LAN });
    overlays.answer(row.id, token, 9, (shown) => shown.version >= 5);
    overlays.settle({ ...row, version: 6, assignee: MINH });
    expect(overlays.show({ ...row, assignee: MINH }).assignee).toEqual(MINH);
  });

  it('ends when it is refused, and some time after it was answered', () => {
    const overlays = new Overlays<Conversation>();
    const row = conversation();
    overlays.cancel(row.id, overlays.begin(row.id, { done: true }));
    expect(overlays.show(row)).toBe(row);
    overlays.answer(row.id, overlays.begin(row.id, { unread: 9 }), 100);
    expect(overlays.expire(99)).toEqual([]);
    expect(overlays.expire(100)).toEqual([row.id]);
    expect(overlays.show(row)).toBe(row);
  });
});
