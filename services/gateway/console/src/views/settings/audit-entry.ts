import { formatDateTime, formatNumber, t } from '../../texts';
import { nameOfChannel } from './section-fields';
import { type Word, words } from './texts';

/** What of an entry of the audit is read, as the gateway answers it. */
export interface AuditEntry {
  action: string;
  entity: string;
  id: string;
  times: number;
  changes: readonly AuditChange[];
}

export interface AuditChange {
  field: string;
  from: unknown;
  to: unknown;
}

/** The names of agents and pages by their ids. */
export interface Names {
  agent: (id: string) => string;
  page: (id: string) => string;
}

type Words = Readonly<Record<string, Word>>;

/** In the order of the choices. */
export const ENTITIES: Words = {
  agent: 'entityAgent',
  page: 'page',
  page_token: 'entityPageToken',
  rule: 'entityRule',
  settings: 'entitySettings',
  support_team: 'support',
  department: 'department',
  region: 'entityRegion',
  group: 'groups',
  link: 'entityLink',
  template: 'entityTemplate',
  view: 'entityView',
  contact_field: 'entityContactField',
  pipeline: 'entityPipeline',
  team: 'entityTeam',
  warehouse: 'entityWarehouse',
  campaign: 'campaign',
  sharing_rule: 'sharing',
  integration: 'entityIntegration',
  shared_number: 'entitySharedNumber',
  login: 'entityLogin',
  password: 'entityPassword',
  request: 'entityRequest',
  handover: 'entityHandover',
  bulk: 'entityBulk',
  contacts_change: 'entityContactsChange',
  import: 'entityImport',
  export: 'entityExport',
  audit: 'entityAudit',
  organization: 'entityOrganization',
};

const ACTIONS: Words = {
  added: 'actionAdded',
  changed: 'actionChanged',
  created: 'actionCreated',
  downloaded: 'actionDownloaded',
  logged_in: 'actionLoggedIn',
  logged_out: 'actionLoggedOut',
  login_copied: 'actionLoginCopied',
  login_refused: 'actionLoginRefused',
  refused: 'actionRefused',
  removed: 'actionRemoved',
  started: 'actionStarted',
  stopped: 'actionStopped',
};

const FIELDS: Words = {
  agent_id: 'entityAgent',
  agent_ids: 'members',
  applies_to: 'fieldAppliesTo',
  assignment: 'assignment',
  auto_assign: 'autoAssign',
  auto_reassign: 'autoReassign',
  automatic_apps: 'automaticApps',
  campaign_id: 'campaign',
  channel: 'channel',
  channels: 'channels',
  choices: 'choices',
  country: 'fieldCountry',
  created_at: 'created',
  created_by: 'fieldCreatedBy',
  crm: 'fieldCrm',
  departments: 'departments',
  description: 'description',
  disabled: 'disabled',
  distribute: 'distribute',
  done_after_hours: 'doneAfter',
  enabled: 'fieldEnabled',
  every_minutes: 'every',
  external_id: 'externalId',
  filter: 'fieldFilter',
  group: 'group',
  kind: 'kind',
  leaders: 'leaders',
  managers: 'managers',
  members: 'members',
  merge_contacts: 'mergeContacts',
  mode: 'fieldMode',
  name: 'name',
  named: 'fieldNamed',
  note: 'note',
  owner: 'owner',
  page_permissions: 'pagePermissions',
  pages: 'pages',
  regions: 'regions',
  reply_url: 'replyUrl',
  required: 'required',
  role: 'role',
  rows: 'fieldRows',
  since: 'fieldSince',
  sites: 'sites',
  sources: 'sources',
  staff: 'staffOfPage',
  status: 'state',
  steps: 'steps',
  suspended: 'fieldSuspended',
  take_unassigned: 'takeUnassigned',
  text: 'text',
  time_zone: 'fieldTimeZone',
  title: 'fieldTitle',
  to: 'handoverTo',
  token_made_at: 'tokenMade',
  type: 'type',
  url: 'url',
  username: 'username',
  visibility: 'visibility',
  warehouse_id: 'warehouse',
  when_nobody: 'whenNobody',
};

const VALUES: Words = {
  active: 'active',
  agent: 'agent',
  all: 'valueAll',
  at_once: 'atOnce',
  calls: 'kindCalls',
  chain_manager: 'chainManager',
  choice: 'typeChoice',
  date: 'typeDate',
  everyone: 'everyone',
  inactive: 'inactive',
  leads: 'kindLeads',
  least_loaded: 'valueLeastLoaded',
  leave_unassigned: 'leaveUnassigned',
  number: 'typeNumber',
  off: 'distributeOff',
  online: 'valueOnline',
  own_and_unassigned: 'ownAndUnassigned',
  own_only: 'ownOnly',
  propose: 'propose',
  queue: 'queue',
  random: 'valueRandom',
  sales_manager: 'salesManager',
  sequential: 'valueSequential',
  store_manager: 'storeManager',
  system_admin: 'systemAdmin',
  text: 'typeText',
  waiting: 'waiting',
  yes_no: 'typeYesNo',
};

/** The fields that hold such words; elsewhere the same letters are somebody's own. */
const OF_WORDS = new Set([
  'applies_to',
  'distribute',
  'kind',
  'merge_contacts',
  'mode',
  'role',
  'status',
  'type',
  'visibility',
  'when_nobody',
]);
const OF_AGENTS = new Set([
  'agent_id',
  'agent_ids',
  'created_by',
  'leaders',
  'managers',
  'members',
  'owner',
  'staff',
  'to',
]);
const OF_PAGES = new Set(['pages', 'sources']);
const NAMED_BY = ['name', 'title', 'url'];
const OF_AGENT = new Set(['agent', 'login', 'password']);
const OF_PAGE = new Set(['page', 'page_token']);
const OF_JOB = /^job_/;
/** What was set up for contacts has its lists and switches as texts of JSON. */
const WRITTEN = /^(\[.*\]|\{.*\}|true|false)$/s;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

function sayOf(known: Words, name: string): string {
  const word = known[name];
  return word ? words(word) : name.replaceAll('_', ' ');
}

export function sayAction({ action, times }: Pick<AuditEntry, 'action' | 'times'>): string {
  const said = sayOf(ACTIONS, action);
  return times > 1 ? `${said} ×${formatNumber(times)}` : said;
}

/** What it was about: what it is, and its name, or its id if nothing says its name. */
export function sayEntity({ entity, id, changes }: AuditEntry, names: Names): string {
  const called = changes.find(({ field }) => NAMED_BY.includes(field));
  const own = called?.to ?? called?.from;
  const known = OF_AGENT.has(entity) ? names.agent(id) : OF_PAGE.has(entity) ? names.page(id) : id;
  const name = typeof own === 'string' ? own : known;
  const said = sayOf(ENTITIES, entity);
  return name && !OF_JOB.test(name) ? `${said}: ${name}` : said;
}

/** One line for each field that changed; what was and is nothing is left out. */
export function sayChanges({ changes }: AuditEntry, names: Names): string[] {
  return changes.flatMap(({ field, from: before, to: after }) => {
    const [from, to] = [read(field, before), read(field, after)];
    if (isNothing(from) && isNothing(to)) return [];
    const was = isNothing(from) ? '' : `${sayValue(field, from, names)} → `;
    return [`${sayOf(FIELDS, field)}: ${was}${isNothing(to) ? '—' : sayValue(field, to, names)}`];
  });
}

function read(field: string, value: unknown): unknown {
  if (typeof value !== 'string' || NAMED_BY.includes(field) || !WRITTEN.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function isNothing(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === null || value === '';
}

function sayValue(field: string, value: unknown, names: Names): string {
  if (typeof value === 'boolean') return t(value ? 'yes' : 'no');
  if (typeof value === 'number') return formatNumber(value);
  if (Array.isArray(value)) return value.map((one) => sayValue(field, one, names)).join(', ');
  if (typeof value === 'object' && value !== null) return sayObject(field, value, names);
  const text = String(value);
  if (OF_AGENTS.has(field)) return names.agent(text);
  if (OF_PAGES.has(field)) return names.page(text);
  if (field === 'channel' || field === 'channels') return nameOfChannel(text);
  if (OF_WORDS.has(field)) return sayOf(VALUES, text);
  return MOMENT.test(text) ? formatDateTime(text) : text;
}

/** A member or a step by its name alone, anything else with all that it has. */
function sayObject(field: string, value: object, names: Names): string {
  const { agent_id, name, ...rest } = value as Readonly<Record<string, unknown>>;
  if (agent_id !== undefined) {
    const more = Object.keys(rest).length ? ` (${sayObject(field, rest, names)})` : '';
    return names.agent(String(agent_id)) + more;
  }
  if (field === 'steps' && typeof name === 'string') return name;
  return Object.entries(value)
    .map(([key, one]) => `${sayOf(FIELDS, key)} ${sayValue(key, one, names)}`)
    .join(', ');
}
