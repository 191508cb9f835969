import type { Schema } from '../../api/client';
import { agentName } from '../../live/directory';
import { formatDateTime, formatDay, formatNumber, t } from '../../texts';
import { nameOf, type Setup } from './setup';
import { stateWords } from './state-words';
import { words } from './texts';

type Change = Schema<'ChangeView'>;

/** The fields of contacts and of what belongs to them, by their names at the gateway. */
const FIELDS = {
  name: 'name',
  phones: 'phones',
  emails: 'emails',
  gender: 'gender',
  birthday: 'birthday',
  address: 'address',
  location: 'location',
  warehouse_id: 'warehouse',
  assignee: 'assignee',
  campaign_id: 'campaign',
  care_status: 'careStatus',
  viewers: 'viewers',
  text: 'note',
  title: 'subject',
  subject: 'subject',
  description: 'description',
  priority: 'priority',
  state: 'state',
  stage: 'stage',
  value: 'amount',
  expected_close: 'expectedClose',
  due_at: 'dueAt',
  remind_at: 'remindAt',
  starts_at: 'startsAt',
  ends_at: 'endsAt',
  place: 'place',
  remind_minutes: 'remindMinutes',
} as const;

const STATES = [
  'open',
  'done',
  'won',
  'lost',
  'pending',
  'solved',
  'closed',
  'low',
  'normal',
  'high',
  'urgent',
  'planned',
  'kept',
  'missed',
  'cancelled',
] as const;
const OTHERS = ['female', 'male', 'other', 'multi_assign_pending', 'multi_assigned'] as const;

const OF_STATES = new Set(['state', 'stage', 'priority']);
const OF_OTHERS = new Set(['gender', 'care_status']);

/** A change of the history in words; null for what its sentence says already. */
export function sayChange({ field, from, to }: Change, setup: Setup): string | null {
  if (field === 'tags' || field.startsWith('steps.')) return null;
  const name = sayField(field, setup);
  const [was, now] = [from, to].map((value) => sayValue(field, value, setup));
  return from === null ? `${name}: ${now}` : words('fromTo', name, was ?? '', now ?? '');
}

function sayField(field: string, { fields }: Setup): string {
  const known = FIELDS[field as keyof typeof FIELDS];
  return known ? words(known) : nameOf(fields, field.replace(/^custom\./, ''));
}

function sayValue(field: string, value: string | null, setup: Setup): string {
  if (value === null) return '–';
  const state = OF_STATES.has(field) && STATES.find((one) => one === value);
  if (state) return stateWords(state);
  const other = OF_OTHERS.has(field) && OTHERS.find((one) => one === value);
  if (other) return words(other);
  if (field === 'assignee') return agentName(value);
  if (field === 'warehouse_id') return nameOf(setup.warehouses, value);
  if (field === 'campaign_id') return nameOf(setup.campaigns, value);
  if (field === 'viewers') return listOf(value).map(agentName).join(', ') || '–';
  if (field === 'phones' || field === 'emails') return listOf(value).join(', ') || '–';
  if (field === 'value') return value.replace(/^\S+/, (amount) => formatNumber(Number(amount)));
  if (field.startsWith('custom.') && /^(true|false)$/.test(value)) {
    return t(value === 'true' ? 'yes' : 'no');
  }
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return formatDateTime(value);
  return /^\d{4}-\d\d-\d\d$/.test(value) ? formatDay(value) : value;
}

/** A long list is cut off, and is no JSON then. */
function listOf(value: string): string[] {
  try {
    return (JSON.parse(value) as unknown[]).map(String);
  } catch {
    return [value];
  }
}
