import { expect, test } from 'vitest';
import { FakeGateway } from './fake-gateway';
import { FakeBrowser, FakeTab } from './testing';
import { Viewing } from './viewing';

test('I14 who has a conversation open says so every five seconds, and at once when they begin and stop writing', async () => {
  const browser = new FakeBrowser();
  const gateway = new FakeGateway();
  const viewing = new Viewing(new FakeTab(browser, gateway.serve), 'r1');
  const said = () => gateway.callsTo('PUT', '/viewing').map((call) => call.body.typing);
  viewing.start();
  await browser.run(5_000);
  expect(said()).toEqual([false, false]);
  viewing.typing(true);
  viewing.typing(true);
  await browser.run(3_000);
  expect(said()).toEqual([false, false, true]);
  await browser.run(1_000);
  expect(said()).toEqual([false, false, true, false]);
  viewing.stop();
  await browser.run(20_000);
  expect(said()).toHaveLength(4);
});
