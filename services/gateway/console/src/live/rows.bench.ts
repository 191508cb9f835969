/** What one event costs: it must not depend on how many rows there are. `npm run bench`. */

import { signal } from '@preact/signals';
import { bench, describe } from 'vitest';
import { conversation, message } from '../core/samples';
import { FakeGateway } from './fake-gateway';
import { OpenLane } from './lanes';
import { List } from './lists';
import { MessageHub } from './messages';
import { Rows } from './rows';
import { FakeBrowser, FakeTab } from './testing';

const moment = (second: number) => new Date(1_795_000_000_000 + second * 1_000).toISOString();

async function opened(count: number) {
  const browser = new FakeBrowser();
  const gateway = new FakeGateway();
  const tab = new FakeTab(browser, gateway.serve);
  const rows = new Rows();
  for (let at = 0; at < count; at++) gateway.put(`r${at}`, { updated_at: moment(at) });
  const list = new List(tab, rows, {}, 'lan', signal(null), () => {});
  list.reload();
  await browser.run();
  while (list.more.value) {
    void list.loadMore();
    await browser.run();
  }
  for (const id of list.ids.value) rows.signal(id);
  return { rows, list, tab };
}

describe.each([100, 10_000])('%i rows', async (count) => {
  const { rows, list, tab } = await opened(count);
  const hub = new MessageHub();
  const lane = new OpenLane({ world: tab, rows, hub, me: 'lan' }, 'p1', undefined, () => {});
  let revision = 1_000_000;

  bench('an event for a row, which moves to the top', () => {
    revision++;
    const id = `r${revision % count}`;
    rows.keep(conversation({ id, revision, updated_at: moment(revision) }));
  });

  bench('a frame: one event, and the list is published', () => {
    revision++;
    const id = `r${revision % count}`;
    rows.keep(conversation({ id, revision, updated_at: moment(revision) }));
    list.publish();
  });

  bench('a comment in the live lane, and its frame', () => {
    revision++;
    const id = `c${revision}`;
    const at = moment(revision);
    const row = { id, revision, post_id: 'p1', updated_at: at };
    rows.keep(conversation({ ...row, kind: 'livestream' }));
    const author = { kind: 'customer', id: `a${revision % 300}`, name: 'Hoa' };
    hub.upserted({
      conversation_id: id,
      message: message({ id, revision, at, author, text: `A${revision % 20} xanh M` }),
    });
    list.publish();
    lane.publish();
  });
});
