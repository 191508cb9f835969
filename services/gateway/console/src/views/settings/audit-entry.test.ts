import { describe, expect, test } from 'vitest';
import { type AuditEntry, sayAction, sayChanges, sayEntity } from './audit-entry';

const NAMES = {
  agent: (id: string) => ({ lan: 'Nguyễn Thị Lan' })[id] ?? id,
  page: (id: string) => ({ trang: 'Giày Việt' })[id] ?? id,
};
const entry = (given: Partial<AuditEntry>): AuditEntry => ({
  action: 'changed',
  entity: 'settings',
  id: '',
  times: 1,
  changes: [],
  ...given,
});

test('what repeats says how often', () => {
  expect(sayAction(entry({ action: 'login_refused', times: 3 }))).toBe('Đăng nhập bị từ chối ×3');
  expect(sayAction(entry({ action: 'turned_over' }))).toBe('turned over');
});

describe('what it was about', () => {
  test('has the name that the entry says, or that is known, or the id', () => {
    const changes = [{ field: 'name', from: 'Cũ', to: 'Chung' }];
    expect(sayEntity(entry({ entity: 'rule', id: 'r1', changes }), NAMES)).toBe(
      'Quy tắc phân công: Chung',
    );
    expect(sayEntity(entry({ entity: 'login', id: 'lan' }), NAMES)).toBe(
      'Đăng nhập: Nguyễn Thị Lan',
    );
    expect(sayEntity(entry({ entity: 'page_token', id: 'trang' }), NAMES)).toBe(
      'Mã truy cập của trang: Giày Việt',
    );
    expect(sayEntity(entry({ entity: 'group', id: 'g1' }), NAMES)).toBe('Nhóm nhận tin: g1');
    expect(sayEntity(entry({}), NAMES)).toBe('Thiết lập chung');
  });
});

describe('what changed', () => {
  const say = (field: string, from: unknown, to: unknown) =>
    sayChanges(entry({ changes: [{ field, from, to }] }), NAMES);

  test('is said in words and names', () => {
    expect(say('visibility', 'everyone', 'own_only')).toEqual([
      'Nhân viên thấy hội thoại nào: Của mọi người → Chỉ của mình',
    ]);
    expect(say('staff', ['lan', 'gone'], [])).toEqual([
      'Nhân viên của trang: Nguyễn Thị Lan, gone → —',
    ]);
    expect(say('members', null, [{ agent_id: 'lan' }])).toEqual(['Thành viên: Nguyễn Thị Lan']);
    expect(say('pages', null, ['trang'])).toEqual(['Trang và kênh: Giày Việt']);
    expect(say('channel', null, 'facebook')).toEqual(['Kênh: Facebook']);
    expect(say('steps', null, [{ id: 's', name: 'Mới' }])).toEqual(['Các bước: Mới']);
    expect(say('choices', null, '["41","42"]')).toEqual(['Các lựa chọn: 41, 42']);
    expect(say('required', null, 'false')).toEqual(['Bắt buộc: Không']);
    expect(say('type', null, 'choice')).toEqual(['Kiểu: Lựa chọn']);
    expect(say('disabled', false, true)).toEqual(['Khoá tài khoản: Không → Có']);
  });

  test('a name that is also a word stays a name', () => {
    expect(say('name', null, 'queue')).toEqual(['Tên: queue']);
  });

  test('nothing is not said', () => {
    expect(say('reply_url', null, null)).toEqual([]);
    expect(say('sites', null, [])).toEqual([]);
    expect(say('crm', null, {})).toEqual([]);
  });
});
