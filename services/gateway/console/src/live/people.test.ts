import { expect, test } from 'vitest';
import { FakeGateway } from './fake-gateway';
import { People } from './people';
import { FakeBrowser, FakeTab } from './testing';

test('what comes from the server keeps the agent online where timers run late', async () => {
  const browser = new FakeBrowser();
  const gateway = new FakeGateway();
  const tab = new FakeTab(browser, gateway.serve);
  tab.later = () => () => {};
  const people = new People(tab, 'lan', 'tuyen:');
  void people.set('online');
  people.beat();
  for (const seconds of [5, 10, 5, 10]) {
    await browser.run(seconds * 1_000);
    people.keepAlive();
  }
  await browser.run();
  expect(gateway.callsTo('POST', '/heartbeat')).toHaveLength(3);
});
