import { expect, test } from 'vitest';
import { StreamConnection } from './connection';
import { FakeGateway } from './fake-gateway';
import { FakeBrowser, FakeTab } from './testing';

function connected() {
  const browser = new FakeBrowser();
  const gateway = new FakeGateway();
  const said: string[] = [];
  const connection = new StreamConnection(new FakeTab(browser, gateway.serve), null, {
    opened: (from) => said.push(`from ${from}`),
    events: (events, last) => said.push(...events.map(({ type }) => `${type} ${last}`)),
    state: (state) => said.push(state),
  });
  connection.start();
  return { browser, gateway, said, connection };
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

test('a login that has ended ends it', async () => {
  const { browser, gateway, said } = connected();
  gateway.answer = () => Response.json({}, { status: 401 });
  gateway.cutOff();
  gateway.cut = false;
  await browser.run(60_000);
  expect(said.at(-1)).toBe('ended');
  expect(gateway.streams.size).toBe(0);
});
