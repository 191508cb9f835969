import { expect, test } from 'vitest';
import { StoredDrafts } from './drafts';
import { FakeGateway } from './fake-gateway';
import { prefixOf } from './storage';
import { FakeBrowser, FakeTab } from './testing';

test('a draft is of one viewer and one conversation, and none is left of an empty one', () => {
  const tab = new FakeTab(new FakeBrowser(), new FakeGateway().serve);
  const of = (agent_id: string) =>
    new StoredDrafts(tab, prefixOf({ organization: 'shop', agent_id }));
  const lan = of('lan');
  const shown = lan.has('r1');
  lan.write('r1', 'Dạ còn');
  lan.write('r2', 'Dạ hết');
  expect(shown.value).toBe(true);
  expect([lan.read('r1'), lan.read('r2'), of('minh').read('r1')]).toEqual(['Dạ còn', 'Dạ hết', '']);
  lan.write('r1', ' ');
  expect(shown.value).toBe(false);
  expect(tab.local.length).toBe(1);
});
