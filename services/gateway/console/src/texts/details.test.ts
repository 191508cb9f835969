import { afterEach, expect, it } from 'vitest';
import { sayDetail } from './details';
import vietnamese from './details.vi.json';
import { language } from './dictionary';

afterEach(() => {
  language.value = 'vi';
});

it('says a sentence of the gateway in Vietnamese, with what it names', () => {
  expect(sayDetail("The username 'lan' is taken: choose another.")).toBe(
    "Tên đăng nhập 'lan' đã có người dùng: hãy chọn tên khác.",
  );
  expect(sayDetail('Row 7: a cell is too long, or a quote is not closed.')).toBe(
    'Dòng 7: có ô quá dài, hoặc thiếu dấu ngoặc kép đóng.',
  );
  expect(sayDetail("'0912' is no phone number. Send one, such as +84912345678.")).toBe(
    "'0912' không phải số điện thoại: hãy nhập số như 0912345678.",
  );
});

it('leaves what it does not know as it is, and everything in English', () => {
  expect(sayDetail('A later version says this.')).toBe('A later version says this.');
  language.value = 'en';
  expect(sayDetail('The file is empty.')).toBe('The file is empty.');
});

it('names nothing in Vietnamese that the English does not name', () => {
  for (const [sentence, said] of Object.entries(vietnamese)) {
    const named = sentence.split('{}').length - 1;
    for (const [, nth] of said.matchAll(/\{(\d)\}/g)) expect(Number(nth)).toBeLessThan(named);
  }
});
