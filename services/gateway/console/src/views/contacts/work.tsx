import { api, type Schema, take } from '../../api/client';
import { agentName, agents } from '../../live/directory';
import { formatDateTime, formatDay, formatNumber } from '../../texts';
import type { FormField, Values } from '../../ui';
import { named } from './filter-bar';
import { stateWords } from './state-words';
import { words } from './texts';
import { type OnChanged, WorkList } from './work-list';

interface OfContact {
  contactId: string;
  onChanged: OnChanged;
}

const LIMIT = 200;

function listOf(contactId: string) {
  return { params: { path: { contact_id: contactId }, query: { limit: LIMIT } } };
}

function ifMatch({ version }: { version: number }) {
  return { 'if-match': `"${version}"` };
}

function labelsOf(kind: string) {
  return {
    add: words('addTo', kind),
    edit: (name: string) => words('editOne', name),
    remove: (name: string) => words('removeOne', name),
  };
}

function choices<K extends Parameters<typeof stateWords>[0]>(
  keys: readonly K[],
  say: (key: K) => string,
) {
  return keys.map((value) => ({ value: value as string, text: say(value) }));
}

function assigneeField(): FormField {
  const none = { value: '', text: words('nobody') };
  const label = words('assignee');
  return { kind: 'choice', name: 'assignee', label, choices: [none, ...named(agents.value)] };
}

/** A time of the gateway as an input for local times has it, and back. */
export function toLocal(at: string | null): string {
  if (!at) return '';
  const time = new Date(at);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function fromLocal(typed: unknown): string | null {
  return typed ? new Date(String(typed)).toISOString() : null;
}

/** Empty texts are nothing. */
function emptied(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value === '' ? null : value]),
  );
}

function hint(...parts: readonly (string | null | undefined | false)[]): string {
  return parts.filter(Boolean).join(' · ');
}

const nameOf = (agent: string | null) => agent && agentName(agent);

export function Tasks({ contactId, onChanged }: OfContact) {
  const states = ['open', 'done'] as const;
  const body = (values: Values) =>
    ({
      ...emptied(values),
      due_at: fromLocal(values.due_at),
      remind_at: fromLocal(values.remind_at),
    }) as Schema<'TaskIn'>;
  return (
    <WorkList<Schema<'TaskView'>>
      title={words('tasks')}
      onChanged={onChanged}
      labels={labelsOf(words('tasks'))}
      read={async () =>
        (await take(api.GET('/v1/contacts/{contact_id}/tasks', listOf(contactId)))).items
      }
      say={({ title, state, due_at, assignee }) => ({
        text: title,
        hint: hint(stateWords(state), due_at && formatDateTime(due_at), nameOf(assignee)),
      })}
      fields={[
        { kind: 'text', name: 'title', label: words('taskTitle'), required: true },
        {
          kind: 'choice',
          name: 'state',
          label: words('state'),
          choices: choices(states, stateWords),
        },
        { kind: 'text', type: 'datetime-local', name: 'due_at', label: words('dueAt') },
        { kind: 'text', type: 'datetime-local', name: 'remind_at', label: words('remindAt') },
        assigneeField(),
      ]}
      fresh={{ title: '', state: 'open', due_at: '', remind_at: '', assignee: '' }}
      valuesOf={({ title, state, due_at, remind_at, assignee }) => ({
        title,
        state,
        due_at: toLocal(due_at),
        remind_at: toLocal(remind_at),
        assignee,
      })}
      add={(values) => {
        const params = { path: { contact_id: contactId } };
        return take(api.POST('/v1/contacts/{contact_id}/tasks', { params, body: body(values) }));
      }}
      change={(item, values) => {
        const params = { path: { task_id: item.id }, header: ifMatch(item) };
        return take(api.PATCH('/v1/tasks/{task_id}', { params, body: body(values) }));
      }}
      remove={({ id }) => api.DELETE('/v1/tasks/{task_id}', { params: { path: { task_id: id } } })}
    />
  );
}

export function Notes({ contactId, onChanged }: OfContact) {
  const body = ({ text }: Values) => ({ text: String(text).trim() });
  return (
    <WorkList<Schema<'NoteView'>>
      title={words('notes')}
      onChanged={onChanged}
      labels={labelsOf(words('notes'))}
      read={async () =>
        (await take(api.GET('/v1/contacts/{contact_id}/notes', listOf(contactId)))).items
      }
      say={({ text, created_by, created_at }) => ({
        text,
        hint: hint(nameOf(created_by), formatDateTime(created_at)),
      })}
      fields={[
        { kind: 'text', multiline: true, name: 'text', label: words('note'), required: true },
      ]}
      fresh={{ text: '' }}
      valuesOf={({ text }) => ({ text })}
      add={(values) => {
        const params = { path: { contact_id: contactId } };
        return take(api.POST('/v1/contacts/{contact_id}/notes', { params, body: body(values) }));
      }}
      change={(item, values) => {
        const params = { path: { note_id: item.id }, header: ifMatch(item) };
        return take(api.PATCH('/v1/notes/{note_id}', { params, body: body(values) }));
      }}
      remove={({ id }) => api.DELETE('/v1/notes/{note_id}', { params: { path: { note_id: id } } })}
    />
  );
}

export function Deals({ contactId, onChanged }: OfContact) {
  const stages = ['open', 'won', 'lost'] as const;
  const body = ({ amount, currency, ...values }: Values) =>
    ({
      ...emptied(values),
      value: amount ? { amount: String(amount), currency: String(currency || 'VND') } : null,
    }) as Schema<'DealIn'>;
  return (
    <WorkList<Schema<'DealView'>>
      title={words('deals')}
      onChanged={onChanged}
      labels={labelsOf(words('deals'))}
      read={async () =>
        (await take(api.GET('/v1/contacts/{contact_id}/deals', listOf(contactId)))).items
      }
      say={({ name, stage, value, expected_close, assignee }) => ({
        text: name,
        hint: hint(
          stateWords(stage),
          value && `${formatNumber(Number(value.amount))} ${value.currency}`,
          expected_close && formatDay(expected_close),
          nameOf(assignee),
        ),
      })}
      fields={[
        { kind: 'text', name: 'name', label: words('name'), required: true },
        {
          kind: 'choice',
          name: 'stage',
          label: words('stage'),
          choices: choices(stages, stateWords),
        },
        { kind: 'text', name: 'amount', label: words('amount') },
        { kind: 'text', name: 'currency', label: words('currency') },
        { kind: 'date', name: 'expected_close', label: words('expectedClose') },
        assigneeField(),
      ]}
      fresh={{
        name: '',
        stage: 'open',
        amount: '',
        currency: 'VND',
        expected_close: '',
        assignee: '',
      }}
      valuesOf={({ name, stage, value, expected_close, assignee }) => ({
        name,
        stage,
        amount: value?.amount ?? '',
        currency: value?.currency ?? 'VND',
        expected_close,
        assignee,
      })}
      add={(values) => {
        const params = { path: { contact_id: contactId } };
        return take(api.POST('/v1/contacts/{contact_id}/deals', { params, body: body(values) }));
      }}
      change={(item, values) => {
        const params = { path: { deal_id: item.id }, header: ifMatch(item) };
        return take(api.PATCH('/v1/deals/{deal_id}', { params, body: body(values) }));
      }}
      remove={({ id }) => api.DELETE('/v1/deals/{deal_id}', { params: { path: { deal_id: id } } })}
    />
  );
}

export function Tickets({ contactId, onChanged }: OfContact) {
  const states = ['open', 'pending', 'solved', 'closed'] as const;
  const priorities = ['low', 'normal', 'high', 'urgent'] as const;
  const body = (values: Values) => emptied(values) as Schema<'TicketIn'>;
  return (
    <WorkList<Schema<'TicketView'>>
      title={words('tickets')}
      onChanged={onChanged}
      labels={labelsOf(words('tickets'))}
      read={async () =>
        (await take(api.GET('/v1/contacts/{contact_id}/tickets', listOf(contactId)))).items
      }
      say={({ subject, state, priority, assignee }) => ({
        text: subject,
        hint: hint(stateWords(state), stateWords(priority), nameOf(assignee)),
      })}
      fields={[
        { kind: 'text', name: 'subject', label: words('subject'), required: true },
        { kind: 'text', multiline: true, name: 'description', label: words('description') },
        {
          kind: 'choice',
          name: 'state',
          label: words('state'),
          choices: choices(states, stateWords),
        },
        {
          kind: 'choice',
          name: 'priority',
          label: words('priority'),
          choices: choices(priorities, stateWords),
        },
        assigneeField(),
      ]}
      fresh={{ subject: '', description: '', state: 'open', priority: 'normal', assignee: '' }}
      valuesOf={({ subject, description, state, priority, assignee }) => {
        return { subject, description, state, priority, assignee };
      }}
      add={(values) => {
        const params = { path: { contact_id: contactId } };
        return take(api.POST('/v1/contacts/{contact_id}/tickets', { params, body: body(values) }));
      }}
      change={(item, values) => {
        const params = { path: { ticket_id: item.id }, header: ifMatch(item) };
        return take(api.PATCH('/v1/tickets/{ticket_id}', { params, body: body(values) }));
      }}
      remove={({ id }) =>
        api.DELETE('/v1/tickets/{ticket_id}', { params: { path: { ticket_id: id } } })
      }
    />
  );
}

export function Appointments({ contactId, onChanged }: OfContact) {
  const states = ['planned', 'kept', 'missed', 'cancelled'] as const;
  const body = (values: Values) =>
    ({
      ...emptied(values),
      starts_at: fromLocal(values.starts_at),
      ends_at: fromLocal(values.ends_at),
    }) as Schema<'AppointmentIn'>;
  return (
    <WorkList<Schema<'AppointmentView'>>
      title={words('appointments')}
      onChanged={onChanged}
      labels={labelsOf(words('appointments'))}
      read={async () =>
        (await take(api.GET('/v1/contacts/{contact_id}/appointments', listOf(contactId)))).items
      }
      say={({ title, state, starts_at, place, assignee }) => ({
        text: title,
        hint: hint(formatDateTime(starts_at), place, stateWords(state), nameOf(assignee)),
      })}
      fields={[
        { kind: 'text', name: 'title', label: words('subject'), required: true },
        {
          kind: 'text',
          type: 'datetime-local',
          name: 'starts_at',
          label: words('startsAt'),
          required: true,
        },
        { kind: 'text', type: 'datetime-local', name: 'ends_at', label: words('endsAt') },
        { kind: 'text', name: 'place', label: words('place') },
        {
          kind: 'number',
          name: 'remind_minutes',
          label: words('remindMinutes'),
          unit: words('minutes'),
          min: 0,
        },
        {
          kind: 'choice',
          name: 'state',
          label: words('state'),
          choices: choices(states, stateWords),
        },
        assigneeField(),
      ]}
      fresh={{ title: '', starts_at: '', state: 'planned', assignee: '' }}
      valuesOf={({ title, starts_at, ends_at, place, remind_minutes, state, assignee }) => ({
        title,
        starts_at: toLocal(starts_at),
        ends_at: toLocal(ends_at),
        place,
        remind_minutes,
        state,
        assignee,
      })}
      add={(values) => {
        const params = { path: { contact_id: contactId } };
        const address = '/v1/contacts/{contact_id}/appointments';
        return take(api.POST(address, { params, body: body(values) }));
      }}
      change={(item, values) => {
        const params = { path: { appointment_id: item.id }, header: ifMatch(item) };
        return take(api.PATCH('/v1/appointments/{appointment_id}', { params, body: body(values) }));
      }}
      remove={({ id }) =>
        api.DELETE('/v1/appointments/{appointment_id}', {
          params: { path: { appointment_id: id } },
        })
      }
    />
  );
}
