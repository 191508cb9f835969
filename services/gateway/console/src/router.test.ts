import { expect, test } from 'vitest';
import { href, parse } from './router';

test.each([
  ['/', 'inbox', null],
  ['/inbox', 'inbox', null],
  ['/inbox/', 'inbox', null],
  ['/inbox/msg_1', 'inbox', 'msg_1'],
  ['/contacts/pipeline', 'contacts', 'pipeline'],
  ['/settings/pages?at=1', 'settings', 'pages'],
  ['/inbox/a/b', 'missing', null],
  ['/nowhere', 'missing', null],
])('%s is %s of %s', (address, view, id) => {
  expect(parse(address)).toMatchObject({ view, id });
});

test('an address is read as it was written, whatever is in the id', () => {
  for (const id of ['a b', 'ă/ớ', '100%', '?x=1#y']) {
    expect(parse(href('inbox', id, { q: 'Vĩnh & co' }))).toMatchObject({ view: 'inbox', id });
  }
  expect(parse(href('inbox', null, { q: 'Vĩnh & co', none: undefined })).query.get('q')).toBe(
    'Vĩnh & co',
  );
});

test('a broken escape in an address is taken as it stands', () => {
  expect(parse('/inbox/100%')).toMatchObject({ view: 'inbox', id: '100%' });
});
