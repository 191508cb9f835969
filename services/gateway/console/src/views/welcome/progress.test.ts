import { expect, test } from 'vitest';
import type { Page } from '../../live/directory';
import { windowOf } from './progress';

test('a customer has a window on each kind of page', () => {
  const doubles = 'http://127.0.0.1:8002';
  const page = { channel: 'facebook', external_id: '105/6' } as Page;
  expect(windowOf(doubles, page)).toBe(`${doubles}/customer/facebook/105%2F6`);
  const site = { channel: 'livechat', external_id: 'app_1', app_id: 'app_1' } as Page;
  expect(windowOf(doubles, site)).toBe(`${doubles}/site/app_1`);
});
