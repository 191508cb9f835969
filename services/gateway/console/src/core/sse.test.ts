import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type SentEvent, SentEvents } from './sse';

const text = [
  ': \n\n',
  'event: presence.changed\nid: a\ndata: {"agent_id":"lan"}\n\n',
  'event: conversation.viewers\ndata: {"viewers":[]}\n\n',
  'event: reset\r\nid: b\r\ndata: {}\r\n\r\n',
  'data: one\ndata: two\n\n',
].join('');

const events: SentEvent[] = [
  { type: 'presence.changed', id: 'a', data: '{"agent_id":"lan"}' },
  { type: 'conversation.viewers', id: '', data: '{"viewers":[]}' },
  { type: 'reset', id: 'b', data: '{}' },
  { type: 'message', id: '', data: 'one\ntwo' },
];

test('however a stream is cut into pieces, it has the same events', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(text.length)), (cuts) => {
      const ends = [...cuts.sort((a, b) => a - b), text.length];
      const parser = new SentEvents();
      let begin = 0;
      const found = ends.flatMap((end) => {
        const piece = text.slice(begin, end);
        begin = end;
        return parser.read(piece);
      });
      expect(found).toEqual(events);
    }),
  );
});
