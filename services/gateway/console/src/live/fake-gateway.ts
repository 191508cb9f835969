/** A gateway for tests: rows, threads, and a stream that can be cut. Each event has a position, and
 * the stream resumes after any of them. */

import type { LiveEvent } from '../core/events';
import type { Conversation, Message } from '../core/model';
import { asQuery, predicate } from '../core/predicate';
import { conversation, message } from '../core/samples';
import { keyOf } from '../core/window';

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly key: string | null;
}

interface Stream {
  send(event: LiveEvent, position: number): void;
  end(): void;
}

const JSON_HEADERS = { 'Content-Type': 'application/json' };

export class FakeGateway {
  readonly rows = new Map<string, Conversation>();
  readonly threads = new Map<string, Map<string, Message>>();
  readonly calls: Call[] = [];
  readonly streams = new Set<Stream>();
  /** Whether nobody is reached. */
  cut = false;
  /** Answers a call instead of the gateway. */
  answer: (call: Call) => Response | undefined = () => undefined;
  revision = 0;
  readonly #log: LiveEvent[] = [];

  readonly serve = async (address: string, init: RequestInit): Promise<Response> => {
    const url = new URL(address, 'http://gateway');
    const headers = new Headers(init.headers);
    const call: Call = {
      method: init.method ?? 'GET',
      path: url.pathname,
      body: typeof init.body === 'string' ? JSON.parse(init.body) : {},
      key: headers.get('Idempotency-Key'),
    };
    if (this.cut) throw { status: 0 };
    this.calls.push(call);
    const given = this.answer(call);
    if (given !== undefined) {
      if (given.ok) return given;
      throw { status: given.status, title: '', detail: '', errors: [], body: await given.json() };
    }
    if (url.pathname === '/v1/events') return this.#stream(headers.get('Last-Event-ID'), init);
    return Response.json(this.#read(url, call), { headers: JSON_HEADERS });
  };

  callsTo(method: string, end: string): Call[] {
    return this.calls.filter((call) => call.method === method && call.path.endsWith(end));
  }

  put(id: string, change: Partial<Conversation> = {}): Conversation {
    const revision = ++this.revision;
    const row = conversation({ ...this.rows.get(id), id, ...change, revision });
    this.rows.set(id, row);
    this.say({ type: 'conversation.upserted', conversation: row });
    return row;
  }

  remove(id: string): void {
    this.rows.delete(id);
    this.say({ type: 'conversation.removed', id, revision: ++this.revision });
  }

  write(conversation_id: string, id: string, change: Partial<Message> = {}): void {
    const thread = this.threads.get(conversation_id) ?? new Map<string, Message>();
    this.threads.set(conversation_id, thread);
    const revision = ++this.revision;
    const written = message({ ...thread.get(id), id, ...change, revision });
    thread.set(id, written);
    if (this.rows.has(conversation_id)) {
      this.say({ type: 'message.upserted', conversation_id, message: written });
    }
  }

  say(event: LiveEvent): void {
    this.#log.push(event);
    for (const stream of this.streams) stream.send(event, this.#log.length);
  }

  /** Ends all streams; nobody is reached until `cut` is false. */
  cutOff(): void {
    this.cut = true;
    for (const stream of [...this.streams]) stream.end();
  }

  #read(url: URL, { method, path, body, key }: Call): unknown {
    const [, , kind, id, part] = path.split('/');
    const query = Object.fromEntries(url.searchParams);
    if (kind === 'presence') return { items: [], next: null };
    if (kind === 'posts') return this.#comments(id ?? '');
    if (kind !== 'conversations') return {};
    if (id === undefined) return this.#list(query);
    if (id === 'counts') return { total: this.rows.size, unread: 0, by_channel: {}, by_kind: {} };
    const row = this.rows.get(id);
    if (row === undefined) throw { status: 404, title: '', detail: '', errors: [], body: {} };
    if (part === undefined) return row;
    if (part === 'messages' && method === 'GET') {
      return { items: [...(this.threads.get(id)?.values() ?? [])], next: null };
    }
    if (part === 'messages') return this.#reply(id, key ?? '', String(body.text));
    return {};
  }

  #list({ limit, cursor, ...filter }: Record<string, string>) {
    const wanted = { ...filter, ...(filter.done && { done: filter.done === 'true' }) };
    const matches = predicate(wanted, 'lan');
    const found = [...this.rows.values()]
      .filter(matches)
      .sort((a, b) => (keyOf(a) < keyOf(b) ? 1 : -1))
      .filter((row) => cursor === undefined || keyOf(row) < cursor);
    const items = found.slice(0, Number(limit));
    const last = items.at(-1);
    const more = found.length > items.length && last !== undefined;
    return { items, next: more ? keyOf(last) : null, query: asQuery(wanted) };
  }

  #comments(post: string) {
    const rows = [...this.rows.values()].filter((row) => row.post_id === post);
    const items = rows.flatMap(({ id }) =>
      [...(this.threads.get(id)?.values() ?? [])].map((each) => ({ ...each, conversation_id: id })),
    );
    return { items, next: null };
  }

  /** The same key is the same message. */
  #reply(id: string, key: string, text: string): Message {
    const known = this.threads.get(id)?.get(`r-${key}`);
    if (known !== undefined) return known;
    this.write(id, `r-${key}`, {
      direction: 'out',
      client_id: key,
      text,
      state: 'pending',
      author: { kind: 'agent', id: 'lan', name: 'Lan' },
    });
    return this.threads.get(id)?.get(`r-${key}`) as Message;
  }

  #stream(after: string | null, init: RequestInit): Response {
    const encoder = new TextEncoder();
    let stream: Stream | null = null;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const end = () => {
          if (stream !== null && this.streams.delete(stream)) controller.close();
        };
        stream = {
          send: ({ type, ...data }, position) =>
            controller.enqueue(
              encoder.encode(`event: ${type}\nid: ${position}\ndata: ${JSON.stringify(data)}\n\n`),
            ),
          end,
        };
        this.streams.add(stream);
        init.signal?.addEventListener('abort', end);
        if (after === null) return;
        for (const [index, event] of this.#log.entries()) {
          if (index >= Number(after)) stream.send(event, index + 1);
        }
      },
      cancel: () => {
        if (stream !== null) this.streams.delete(stream);
      },
    });
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
  }
}
