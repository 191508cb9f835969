import { expect, test } from 'vitest';
import { sayChange } from './say-change';
import type { Setup } from './setup';

const SETUP = {
  fields: [{ id: 'size', name: 'Cỡ giày' }],
  pipelines: [],
  campaigns: [],
  warehouses: [{ id: 'bac', name: 'Kho miền Bắc' }],
} as unknown as Setup;

test.each([
  ['phones', '["+84912345678"]', '[]', 'Điện thoại: +84912345678 → –'],
  ['warehouse_id', 'default', 'bac', 'Kho: default → Kho miền Bắc'],
  ['state', 'open', 'done', 'Trạng thái: Đang mở → Xong'],
  ['value', null, '12500000 VND', 'Giá trị: 12.500.000 VND'],
  ['expected_close', null, '2026-12-20', 'Dự kiến chốt: 20/12/2026'],
  ['custom.size', '38', null, 'Cỡ giày: 38 → –'],
  ['custom.gone', null, 'true', 'gone: Có'],
  ['tags', null, 'VIP', null],
])('C8 a change of %s is said in words', (field, from, to, said) => {
  expect(sayChange({ field, from, to }, SETUP)).toBe(said);
});
