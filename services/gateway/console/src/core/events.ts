/** The events of the live stream, and the order in which a batch of them is applied. */

import type {
  Conversation,
  Counts,
  Job,
  Message,
  Presence,
  Reminder,
  Revised,
  Viewer,
} from './model';

export type LiveEvent =
  | { readonly type: 'conversation.upserted'; readonly conversation: Conversation }
  | { readonly type: 'conversation.removed'; readonly id: string; readonly revision: number }
  | {
      readonly type: 'message.upserted';
      readonly conversation_id: string;
      readonly message: Message;
    }
  | { readonly type: 'counts.changed'; readonly counts: Counts }
  | ({ readonly type: 'presence.changed' } & Presence)
  | {
      readonly type: 'conversation.viewers';
      readonly conversation_id: string;
      readonly viewers: readonly Viewer[];
    }
  | { readonly type: 'job.progressed'; readonly job: Job }
  | ({ readonly type: 'reminder.due' } & Reminder)
  | { readonly type: 'reset' };

const TYPES: ReadonlySet<string> = new Set<LiveEvent['type']>([
  'conversation.upserted',
  'conversation.removed',
  'message.upserted',
  'counts.changed',
  'presence.changed',
  'conversation.viewers',
  'job.progressed',
  'reminder.due',
  'reset',
]);

/** Null for an event of a type that is not known: it is ignored. */
export function readEvent(type: string, data: string): LiveEvent | null {
  return TYPES.has(type) ? ({ ...JSON.parse(data), type } as LiveEvent) : null;
}

/** The events of a batch in the order in which they are applied: rows, then messages, then the rows
 * that were removed, then the flags about them. Of each entity only the newest copy is left, of
 * flags the last one. What came before a `reset` is left out, since everything is fetched again. */
export function arrange(events: readonly LiveEvent[]): LiveEvent[] {
  const reset = events.findLastIndex((event) => event.type === 'reset');
  const rows = new Map<string, LiveEvent & { type: 'conversation.upserted' }>();
  const messages = new Map<string, LiveEvent & { type: 'message.upserted' }>();
  const removals: LiveEvent[] = [];
  const flags = new Map<string, LiveEvent>();
  for (const event of events.slice(reset + 1)) {
    switch (event.type) {
      case 'conversation.upserted':
        keepNewest(rows, event, event.conversation);
        break;
      case 'message.upserted':
        keepNewest(messages, event, event.message);
        break;
      case 'conversation.removed':
        removals.push(event);
        break;
      default:
        flags.set(flagKey(event), event);
    }
  }
  const begin: LiveEvent[] = reset < 0 ? [] : [{ type: 'reset' }];
  return [...begin, ...rows.values(), ...messages.values(), ...removals, ...flags.values()];
}

function keepNewest<E>(found: Map<string, E>, event: E, entity: Revised): void {
  const before = found.get(entity.id) as { conversation?: Revised; message?: Revised } | undefined;
  const known = before?.conversation ?? before?.message;
  if (known !== undefined && known.revision >= entity.revision) return;
  found.delete(entity.id);
  found.set(entity.id, event);
}

function flagKey(event: LiveEvent): string {
  switch (event.type) {
    case 'presence.changed':
      return `${event.type} ${event.agent_id}`;
    case 'conversation.viewers':
      return `${event.type} ${event.conversation_id}`;
    case 'job.progressed':
      return `${event.type} ${event.job.id}`;
    case 'reminder.due':
      return `${event.type} ${event.kind} ${event.id}`;
    default:
      return event.type;
  }
}
