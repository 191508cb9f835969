import { expect, test } from 'vitest';
import { StreamConnection } from './connection';
import { FakeGateway } from './fake-gateway';
import { FakeBrowser, FakeTab } from './testing';

function connected() {
  const browser = new FakeBrowser();
  const gateway = new FakeGateway();
  const said: string[] = [];
  const tab = new FakeTab(browser, gateway.serve);
  const connection = new StreamConnection(tab, null, {
    opened: (from) => said.push(`from ${from}`),
    events: (events, last) => said.push(...events.map(({ type }) => `${type} ${last}`)),
    state: (state) => said.push(state),
    alive: () => {},
  });
  connection.start();
  return { browser, tab, gateway, said, connection };
}

test('a stream that broke off goes on after the last event', async () => {
  const { browser, gateway, said, connection } = connected();
  await browser.run();
  gateway.say({
    type: 'counts.changed',
    counts: { total: 1, unread: 0, by_channel: {}, by_kind: {} },
  });
  await browser.run();
  gateway.cutOff();
  gateway.say({ type: 'reset' });
  gateway.cut = false;
  await browser.run(1_000);
  expect(said).toEqual([
    'connecting',
    'from null',
    'open',
    'counts.changed 1',
    'reconnecting',
    'from 1',
    'open',
    'reset 2',
  ]);
  connection.stop();
});

test('a network that is gone is said at once, though the connection seems to be open', async () => {
  const { browser, tab, gateway, said, connection } = connected();
  await browser.run();
  gateway.cut = true;
  tab.loseNetwork();
  await browser.run();
  expect(said.at(-1)).toBe('reconnecting');
  gateway.cut = false;
  tab.wake();
  await browser.run();
  expect(said.at(-1)).toBe('open');
  expect(gateway.streams.size).toBe(1);
  connection.stop();
});

test('a tab that wakes up connects again, unless something came a moment ago', async () => {
  const { browser, tab, said, connection } = connected();
  await browser.run(10_000);
  tab.wake();
  await browser.run();
  expect(said).toEqual(['connecting', 'from null', 'open']);
  await browser.run(15_000);
  tab.wake();
  await browser.run(1_000);
  expect(said.slice(3)).toEqual(['reconnecting', 'from null', 'open']);
  connection.stop();
});

test('a login that has ended ends it', async () => {
  const { browser, gateway, said } = connected();
  gateway.answer = () => Response.json({}, { status: 401 });
  gateway.cutOff();
  gateway.cut = false;
  await browser.run(60_000);
  expect(said.at(-1)).toBe('ended');
  expect(gateway.streams.size).toBe(0);
});
