import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { FakeGateway } from './fake-gateway';
import { openStore } from './open-store';
import type { Store } from './store';
import { FakeBrowser, FakeTab } from './testing';

const LAN = { organization: 'shop', agent_id: 'lan', name: 'Lan' };
const FRAME_MS = 20;

let browser: FakeBrowser;
let gateway: FakeGateway;
let stores: Store[];

beforeEach(() => {
  browser = new FakeBrowser();
  gateway = new FakeGateway();
  stores = [];
});

afterEach(() => {
  for (const store of stores) store.close(false);
});

function newTab(name = 'tab') {
  const tab = new FakeTab(browser, gateway.serve, name);
  const store = openStore(LAN, tab);
  stores.push(store);
  return { tab, store };
}

const minute = (at: number) => `2026-11-21T07:${String(at).padStart(2, '0')}:00Z`;

function unavailable({ method }: { method: string }): Response | undefined {
  return method === 'POST' ? Response.json({}, { status: 503 }) : undefined;
}

function fill(count: number): void {
  for (let at = 1; at <= count; at++) gateway.put(`r${at}`, { updated_at: minute(at) });
}

describe('I13 the live state', () => {
  it('opens the stream before it fetches', async () => {
    fill(2);
    const { store } = newTab();
    const list = store.openList({});
    await browser.run(FRAME_MS);
    expect(gateway.calls[0]?.path).toBe('/v1/events');
    expect(store.connection.value).toBe('open');
    expect(list.ids.value).toEqual(['r2', 'r1']);
    expect(list.loading.value).toBe('ready');
  });

  it('repaints one row, and lets it enter and leave lists by their filters', async () => {
    fill(2);
    const { store } = newTab();
    const mine = store.openList({ assignee: 'me' });
    await browser.run(FRAME_MS);
    expect(mine.ids.value).toEqual([]);
    gateway.put('r1', { assignee: { agent_id: 'lan', name: 'Lan' } });
    await browser.run(FRAME_MS);
    expect(mine.ids.value).toEqual(['r1']);
    gateway.put('r1', { assignee: { agent_id: 'minh', name: 'Minh' } });
    await browser.run(FRAME_MS);
    expect(mine.ids.value).toEqual([]);
    expect(store.conversation('r1').value?.assignee?.name).toBe('Minh');
  });

  it('is as if it were fetched anew after a cut of ten seconds with twenty events', async () => {
    fill(5);
    const { store } = newTab();
    const list = store.openList({ done: false });
    await browser.run(FRAME_MS);
    gateway.put('r1', { updated_at: minute(6) });
    await browser.run(FRAME_MS);
    gateway.cutOff();
    await browser.run(FRAME_MS);
    expect(store.connection.value).toBe('reconnecting');
    for (let event = 0; event < 20; event++) {
      gateway.put(`r${1 + (event % 7)}`, { updated_at: minute(10 + event), done: event % 3 === 0 });
    }
    gateway.remove('r2');
    await browser.run(10_000);
    gateway.cut = false;
    await browser.run(40_000);
    expect(store.connection.value).toBe('open');
    const fresh = newTab('fresh').store.openList({ done: false });
    await browser.run(3_000);
    expect(list.ids.value).toEqual(fresh.ids.value);
    expect(list.ids.value).not.toContain('r2');
  });

  it('connects at once when the network is back', async () => {
    const { tab, store } = newTab();
    await browser.run(FRAME_MS);
    gateway.cutOff();
    await browser.run(60_000);
    gateway.cut = false;
    tab.wake();
    await browser.run();
    expect(store.connection.value).toBe('open');
  });

  it('connects again when nothing came for 35 s', async () => {
    const { store } = newTab();
    await browser.run(FRAME_MS);
    const [first] = gateway.streams;
    await browser.run(40_000);
    expect(store.connection.value).toBe('open');
    expect(gateway.streams.size).toBe(1);
    expect(gateway.streams.has(first as never)).toBe(false);
  });

  it('fetches anew after a reset, and keeps what is held, the filter, the draft and the place', async () => {
    fill(60);
    const { store } = newTab();
    const list = store.openList({ done: false });
    await browser.run(FRAME_MS);
    await list.loadMore();
    expect(list.ids.value).toHaveLength(60);
    list.hold('selection');
    list.reload();
    store.drafts.write('r7', 'Dạ còn');
    gateway.rows.delete('r9');
    gateway.say({ type: 'reset' });
    await browser.run(FRAME_MS);
    expect(list.ids.value).toHaveLength(59);
    expect(list.ids.value).not.toContain('r9');
    expect(store.drafts.read('r7')).toBe('Dạ còn');
    gateway.put('r1', { updated_at: '2026-11-21T08:30:00Z' });
    await browser.run(FRAME_MS);
    expect(list.pending.value).toBe(1);
    list.release('selection');
    expect(list.ids.value[0]).toBe('r1');
  });
});

describe('R7 what the viewer may not see any more', () => {
  it('leaves the list, the thread, the viewers, the drafts and the replies', async () => {
    fill(1);
    gateway.write('r1', 'm1');
    const { tab, store } = newTab();
    const list = store.openList({});
    const thread = store.openThread('r1');
    await browser.run(FRAME_MS);
    store.drafts.write('r1', 'Dạ');
    expect(thread.lines.value.map((line) => line.message.id)).toEqual(['m1']);
    gateway.answer = unavailable;
    thread.send({ text: 'Dạ' });
    await browser.run(FRAME_MS);
    expect(tab.session.length).toBe(1);
    gateway.remove('r1');
    await browser.run(FRAME_MS);
    expect(list.ids.value).toEqual([]);
    expect(store.conversation('r1').value).toBeUndefined();
    expect(thread.lines.value).toEqual([]);
    expect(thread.loading.value).toBe('missing');
    expect(tab.local.length + tab.session.length).toBe(0);
    gateway.put('r1', { updated_at: minute(2) });
    await browser.run(FRAME_MS);
    expect(thread.lines.value.map((line) => line.message.id)).toEqual(['m1']);
  });

  it('is not stored any more, though it left while no tab was open', async () => {
    fill(1);
    browser.local.setItem('tuyen:shop/lan:draft:r1', 'Dạ');
    browser.local.setItem('tuyen:shop/lan:draft:r2', 'Dạ');
    newTab().store.openList({});
    await browser.run(FRAME_MS);
    expect(browser.local.getItem('tuyen:shop/lan:draft:r1')).toBe('Dạ');
    expect(browser.local.length).toBe(1);
  });

  it('is not stored after another login, or after a logout', async () => {
    const { tab, store } = newTab();
    store.drafts.write('r1', 'Dạ');
    store.close(false);
    const other = openStore({ ...LAN, agent_id: 'minh' }, tab);
    expect(tab.local.length).toBe(0);
    other.drafts.write('r1', 'Của Minh');
    other.close(true);
    expect(tab.local.length).toBe(0);
  });
});

describe('I6 a reply', () => {
  it('is shown at once, and as one line when the server lists it', async () => {
    fill(1);
    const { store } = newTab();
    const thread = store.openThread('r1');
    await browser.run(FRAME_MS);
    const key = thread.send({ text: 'Dạ còn ạ' });
    expect(thread.lines.value.map((line) => line.delivery)).toEqual(['sending']);
    await browser.run(FRAME_MS);
    expect(thread.keys.value).toEqual([key]);
    expect(thread.line(key).value?.reply).toBeNull();
    gateway.write('r1', `r-${key}`, { state: 'sent' });
    await browser.run(FRAME_MS);
    expect(thread.lines.value.map((line) => line.delivery)).toEqual(['sent']);
  });

  it('is sent once, though its answer was lost, and after the network is back', async () => {
    fill(1);
    const { store } = newTab();
    const thread = store.openThread('r1');
    await browser.run(FRAME_MS);
    let lost = 0;
    gateway.answer = (call) => {
      if (call.key === null || lost++ > 0) return undefined;
      gateway.answer = () => undefined;
      void gateway.serve('/v1/conversations/r1/messages', {
        method: 'POST',
        headers: { 'Idempotency-Key': call.key },
        body: JSON.stringify(call.body),
      });
      return Response.json({}, { status: 502 });
    };
    const key = thread.send({ text: 'Dạ còn ạ' });
    await browser.run(60_000);
    expect(gateway.threads.get('r1')?.size).toBe(1);
    expect(thread.keys.value).toEqual([key]);
    expect(new Set(gateway.callsTo('POST', '/messages').map((call) => call.key))).toEqual(
      new Set([key]),
    );
  });

  it('that is refused says why, and is sent once by a retry', async () => {
    fill(1);
    const { store } = newTab();
    const thread = store.openThread('r1');
    await browser.run(FRAME_MS);
    gateway.answer = ({ key }) =>
      key === null ? undefined : Response.json({ window_ended_at: minute(1) }, { status: 422 });
    const key = thread.send({ text: 'Dạ' });
    await browser.run(FRAME_MS);
    expect(thread.line(key).value?.delivery).toBe('failed');
    expect(thread.line(key).value?.reply?.problem?.body.window_ended_at).toBe(minute(1));
    gateway.answer = () => undefined;
    void thread.retry(key);
    await browser.run(FRAME_MS);
    expect(thread.lines.value.map((line) => line.delivery)).toEqual(['sending']);
    expect(gateway.threads.get('r1')?.size).toBe(1);
  });

  it('goes after the one before it, also if that has to wait', async () => {
    fill(1);
    const { store } = newTab();
    const thread = store.openThread('r1');
    await browser.run(FRAME_MS);
    gateway.cut = true;
    thread.send({ text: 'một' });
    thread.send({ text: 'hai' });
    await browser.run(3_000);
    gateway.cut = false;
    await browser.run(30_000);
    const sent = gateway.callsTo('POST', '/messages').map((call) => call.body.text);
    expect(sent).toEqual(['một', 'hai']);
  });

  it('survives loading the page again', async () => {
    fill(1);
    const { tab, store } = newTab();
    gateway.cut = true;
    store.openThread('r1').send({ text: 'Dạ' });
    await browser.run(100);
    store.close(false);
    gateway.cut = false;
    stores.push(openStore(LAN, tab));
    await browser.run(30_000);
    expect(gateway.threads.get('r1')?.size).toBe(1);
    expect(tab.session.length).toBe(0);
  });
});

describe('R6 assigning', () => {
  it('is shown at once, and names the winner if somebody else came first', async () => {
    fill(1);
    const { store } = newTab();
    store.openList({});
    await browser.run(FRAME_MS);
    gateway.rows.set('r1', {
      ...gateway.put('r1', {}),
      assignee: { agent_id: 'minh', name: 'Minh' },
      version: 2,
      revision: ++gateway.revision,
    });
    gateway.answer = ({ method }) =>
      method === 'PUT'
        ? Response.json({ agent_id: 'minh', version: 2 }, { status: 412 })
        : undefined;
    const asked = store.assign('r1', 'lan', 1);
    expect(store.conversation('r1').value?.assignee?.name).toBe('Lan');
    await browser.run(FRAME_MS);
    expect(await asked).toMatchObject({ ok: false, winner: 'minh' });
    expect(store.conversation('r1').value?.assignee?.name).toBe('Minh');
  });

  it('stays shown until the server shows the version of its answer', async () => {
    fill(1);
    const { store } = newTab();
    store.openList({});
    await browser.run(FRAME_MS);
    gateway.answer = ({ method }) => (method === 'PUT' ? Response.json({ version: 2 }) : undefined);
    void store.assign('r1', 'lan', 1);
    await browser.run(FRAME_MS);
    gateway.put('r1', { unread: 1 });
    await browser.run(FRAME_MS);
    expect(store.conversation('r1').value).toMatchObject({
      assignee: { agent_id: 'lan' },
      version: 2,
    });
    gateway.put('r1', { version: 3, assignee: { agent_id: 'minh', name: 'Minh' } });
    await browser.run(FRAME_MS);
    expect(store.conversation('r1').value?.assignee?.agent_id).toBe('minh');
  });
});

describe('four tabs', () => {
  it('hold one stream, and all show what it says', async () => {
    fill(1);
    const tabs = ['a', 'b', 'c', 'd'].map((name) => newTab(name));
    const lists = tabs.map(({ store }) => store.openList({}));
    await browser.run(3_000);
    gateway.put('r2', { updated_at: minute(2) });
    await browser.run(FRAME_MS * 2);
    expect(gateway.callsTo('GET', '/v1/events')).toHaveLength(1);
    expect(tabs.map(({ store }) => store.leads.value)).toEqual([true, false, false, false]);
    for (const list of lists) expect(list.ids.value).toEqual(['r2', 'r1']);
  });

  it('know who has a conversation open, though they were opened later', async () => {
    fill(1);
    newTab('a');
    await browser.run(FRAME_MS);
    const minh = { agent_id: 'minh', name: 'Minh', typing: true };
    const viewers = [minh, { ...minh, agent_id: 'lan', name: 'Lan' }];
    gateway.say({ type: 'conversation.viewers', conversation_id: 'r1', viewers });
    await browser.run(FRAME_MS);
    const { store } = newTab('b');
    await browser.run(FRAME_MS * 2);
    expect(store.viewers('r1').value).toEqual([minh]);
    gateway.cutOff();
    await browser.run(FRAME_MS * 2);
    expect(store.viewers('r1').value).toEqual([]);
  });

  it('keep the agent online by one of them, which alone tells of new messages', async () => {
    fill(1);
    const tabs = ['a', 'b'].map((name) => newTab(name));
    await browser.run(3_000);
    const told: string[] = [];
    for (const { tab, store } of tabs) store.onIncoming(() => told.push(tab.name));
    void tabs[1]?.store.setPresence('online');
    await browser.run(10_000);
    gateway.write('r1', 'm1', { at: new Date(browser.now).toISOString() });
    gateway.write('r1', 'm1', { at: new Date(browser.now).toISOString(), reaction: 'love' });
    await browser.run(10_000);
    expect(gateway.callsTo('POST', '/heartbeat')).toHaveLength(2);
    expect(told).toEqual(['a']);
  });

  it('end when one logs out, or when somebody else logs in', async () => {
    fill(1);
    const [one, other] = [newTab('a'), newTab('b')];
    await browser.run(FRAME_MS);
    gateway.answer = unavailable;
    other.store.openThread('r1').send({ text: 'Dạ' });
    await browser.run(FRAME_MS);
    expect(other.tab.session.length).toBe(1);
    one.store.close(true);
    await browser.run();
    expect(other.store.connection.value).toBe('ended');
    expect(other.tab.session.length).toBe(0);
    gateway.answer = () => undefined;
    const third = newTab('c');
    await browser.run(FRAME_MS);
    stores.push(openStore({ ...LAN, agent_id: 'minh' }, new FakeTab(browser, gateway.serve)));
    await browser.run(FRAME_MS);
    expect(third.store.connection.value).toBe('ended');
    expect(gateway.streams.size).toBe(1);
  });

  it('go on without the one that led, and miss nothing', async () => {
    fill(1);
    const leader = newTab('a');
    const { store } = newTab('b');
    const list = store.openList({});
    await browser.run(3_000);
    gateway.put('r2', { updated_at: minute(2) });
    await browser.run(FRAME_MS * 2);
    leader.tab.die();
    for (const stream of [...gateway.streams]) stream.end();
    gateway.put('r3', { updated_at: minute(3) });
    await browser.run(FRAME_MS * 2);
    expect(store.leads.value).toBe(true);
    expect(list.ids.value).toEqual(['r3', 'r2', 'r1']);
  });
});

describe('I9 the comments of a livestream', () => {
  const live = { kind: 'livestream', post_id: 'p1' } as const;
  const SHOWN_MS = 200;

  it('come across conversations, with their orders, questions and owners', async () => {
    gateway.put('c1', { ...live, assignee: { agent_id: 'lan', name: 'Lan' } });
    gateway.write('c1', 'm1', { text: 'A1 xanh M 0901234567' });
    const { store } = newTab();
    const lane = store.openLane('p1', 'page-1');
    await browser.run(SHOWN_MS);
    expect(lane.ids.value).toEqual(['m1']);
    gateway.put('c2', live);
    gateway.write('c2', 'm2', {
      text: 'còn size M không',
      at: minute(9),
      author: { kind: 'customer', id: 'hoa', name: 'Hoa' },
    });
    gateway.write('c1', 'm3', { text: 'a1 m XANH', at: '2026-11-21T08:00:01Z' });
    await browser.run(SHOWN_MS);
    expect(lane.ids.value).toEqual(['m2', 'm1', 'm3']);
    expect(lane.orders.value.map(({ comments }) => comments)).toEqual([['m1', 'm3']]);
    expect(lane.questions.value).toEqual(['m2']);
    expect([lane.mine.value, lane.unclaimed.value]).toEqual([1, 1]);
    expect(lane.comment('m2').value?.conversation_id).toBe('c2');
    gateway.remove('c2');
    await browser.run(SHOWN_MS);
    expect(lane.ids.value).toEqual(['m1', 'm3']);
    expect(lane.comment('m2').value).toBeUndefined();
    expect(lane.unclaimed.value).toBe(0);
  });
});

type Step =
  | { do: 'put'; row: number; minute: number; mine: boolean }
  | { do: 'remove'; row: number }
  | { do: 'write'; row: number; message: number }
  | { do: 'cut' | 'reset' | 'hold' | 'release' | 'wait' };

const row = fc.integer({ min: 1, max: 6 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('put' as const),
    row,
    minute: fc.integer({ min: 10, max: 50 }),
    mine: fc.boolean(),
  }),
  fc.record({ do: fc.constant('remove' as const), row }),
  fc.record({ do: fc.constant('write' as const), row, message: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constantFrom('cut', 'reset', 'hold', 'release', 'wait' as const) }),
);

test('I13 whatever happens, and however often the stream is cut, everything ends as a fresh page has it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      browser = new FakeBrowser();
      gateway = new FakeGateway();
      fill(3);
      const { store } = newTab();
      const list = store.openList({ assignee: 'me' });
      const thread = store.openThread('r1');
      await browser.run(FRAME_MS);
      for (const each of steps) {
        if (each.do === 'put') {
          const assignee = each.mine ? { agent_id: 'lan', name: 'Lan' } : null;
          gateway.put(`r${each.row}`, { updated_at: minute(each.minute), assignee });
        } else if (each.do === 'remove') gateway.remove(`r${each.row}`);
        else if (each.do === 'write') gateway.write(`r${each.row}`, `m${each.row}${each.message}`);
        else if (each.do === 'reset') gateway.say({ type: 'reset' });
        else if (each.do === 'hold') list.hold('pointer');
        else if (each.do === 'release') list.release('pointer');
        else if (each.do === 'wait') await browser.run(FRAME_MS);
        else {
          gateway.cutOff();
          await browser.run(FRAME_MS);
          gateway.cut = false;
        }
      }
      list.release('pointer');
      await browser.run(60_000);
      const fresh = newTab('fresh');
      const freshList = fresh.store.openList({ assignee: 'me' });
      const freshThread = fresh.store.openThread('r1');
      await browser.run(3_000);
      const rows = (of: Store, ids: readonly string[]) =>
        ids.map((id) => of.conversation(id).value);
      expect(rows(store, list.ids.value)).toEqual(rows(fresh.store, freshList.ids.value));
      const messages = (of: typeof thread) =>
        of.lines.value.map((line) => line.message).sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(messages(thread)).toEqual(messages(freshThread));
      for (const each of stores.splice(0)) each.close(false);
    }),
    { numRuns: 20 },
  );
}, 60_000);
