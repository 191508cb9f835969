import { formatDateTime, t } from '../../texts';
import type { FormField, Values } from '../../ui';
import { PageConnect } from './page-connect';
import { PageExtra } from './page-extra';
import type { Item } from './routes';
import { choicesOf, namesOf, readRegions, type Section } from './section';
import { StaffExtra } from './staff-extra';
import { StepsField } from './steps-field';
import { type Word, words } from './texts';
import { TokenExtra } from './token-extra';

const text = (name: string, label: Word, hint?: Word, required = true): FormField => ({
  kind: 'text',
  name,
  label: words(label),
  hint: hint && words(hint),
  required,
});
const choice = (name: string, label: Word, values: readonly [string, Word][], hint?: Word) =>
  ({
    kind: 'choice',
    name,
    label: words(label),
    hint: hint && words(hint),
    choices: values.map(([value, word]) => ({ value, text: words(word) })),
  }) satisfies FormField;
const many = (name: string, label: Word, items: readonly Item[], hint?: Word): FormField => ({
  kind: 'many',
  name,
  label: words(label),
  hint: hint && words(hint),
  choices: choicesOf(items),
});
const one = (name: string, label: Word, items: readonly Item[], hint?: Word): FormField => ({
  kind: 'choice',
  name,
  label: words(label),
  hint: hint && words(hint),
  choices: [{ value: '', text: '—' }, ...choicesOf(items)],
});
const checkbox = (name: string, label: Word, hint?: Word): FormField => ({
  kind: 'checkbox',
  name,
  label: words(label),
  hint: hint && words(hint),
});

const CHANNELS = [
  { value: 'facebook', text: 'Facebook' },
  { value: 'zalo', text: 'Zalo' },
  { value: 'livechat', text: 'Livechat' },
];
const ROLES: readonly [string, Word][] = [
  ['agent', 'agent'],
  ['sales_manager', 'salesManager'],
  ['store_manager', 'storeManager'],
  ['chain_manager', 'chainManager'],
  ['system_admin', 'systemAdmin'],
];
const FIELD_TYPES: readonly [string, Word][] = [
  ['text', 'typeText'],
  ['number', 'typeNumber'],
  ['date', 'typeDate'],
  ['choice', 'typeChoice'],
  ['yes_no', 'typeYesNo'],
];
const DISTRIBUTE: readonly [string, Word][] = [
  ['off', 'distributeOff'],
  ['sequential', 'distributeSequential'],
  ['least_loaded', 'distributeLeast'],
];
const KINDS: readonly [string, Word][] = [
  ['leads', 'kindLeads'],
  ['calls', 'kindCalls'],
];

function say(values: readonly [string, Word][], value: unknown): string {
  const found = values.find(([key]) => key === value);
  return found ? words(found[1]) : String(value ?? '');
}

const isA = (channel: string) => (values: Values) => values.channel === channel;

const pages: Section = {
  key: 'pages',
  title: 'pages',
  lead: 'pagesLead',
  path: '/v1/pages',
  write: 'manage',
  ofDirectory: true,
  needs: ['agents'],
  columns: [
    { title: 'channel', text: ({ channel }) => String(channel) },
    {
      title: 'state',
      text: ({ status, problem, connected }) =>
        problem
          ? words('hasProblem')
          : connected === false
            ? words('notConnected')
            : words(status === 'active' ? 'active' : status === 'waiting' ? 'waiting' : 'inactive'),
    },
    { title: 'staffOfPage', text: ({ staff }, { agents }) => namesOf(staff, agents) },
  ],
  fields: ({ agents }, item) => [
    {
      kind: 'choice',
      name: 'channel',
      label: words('channel'),
      choices: CHANNELS,
      disabled: item !== null,
    },
    {
      kind: 'text',
      name: 'external_id',
      label: words('externalId'),
      hint: words('externalIdHint'),
      required: true,
      disabled: item !== null,
      when: (values) => values.channel !== 'livechat',
    },
    text('name', 'name'),
    choice(
      'status',
      'state',
      [
        ['active', 'active'],
        ['inactive', 'inactive'],
      ],
      'statusHint',
    ),
    many('staff', 'staffOfPage', agents, 'staffOfPageHint'),
    {
      kind: 'text',
      secret: true,
      name: 'credentials.access_token',
      label: words('accessToken'),
      hint: words('accessTokenHint'),
      when: (values) => values.channel !== 'livechat',
    },
    {
      kind: 'text',
      secret: true,
      name: 'credentials.refresh_token',
      label: words('refreshToken'),
      hint: words('refreshTokenHint'),
      when: isA('zalo'),
    },
    {
      kind: 'lines',
      name: 'automatic_apps',
      label: words('automaticApps'),
      hint: words('automaticAppsHint'),
      when: isA('facebook'),
    },
    {
      kind: 'lines',
      name: 'sites',
      label: words('sites'),
      hint: words('sitesHint'),
      placeholder: 'https://shop.example',
      when: isA('livechat'),
    },
    {
      kind: 'text',
      type: 'url',
      name: 'reply_url',
      label: words('replyUrl'),
      hint: words('replyUrlHint'),
      when: isA('livechat'),
    },
  ],
  blank: { channel: 'facebook', status: 'active', staff: [], automatic_apps: [], sites: [] },
  toValues: (item) => ({ ...item, status: item.status === 'inactive' ? 'inactive' : 'active' }),
  toBody: ({ credentials, ...body }) => {
    const given = (credentials ?? {}) as Values;
    const live = body.channel === 'livechat';
    return {
      ...body,
      automatic_apps: live ? [] : (body.automatic_apps ?? []),
      sites: live ? (body.sites ?? []) : [],
      reply_url: live ? body.reply_url : null,
      credentials:
        !live && given.access_token
          ? { access_token: given.access_token, refresh_token: given.refresh_token || null }
          : null,
    };
  },
  removal: 'removePage',
  Head: PageConnect,
  Extra: PageExtra,
};

const staff: Section = {
  key: 'staff',
  title: 'staff',
  lead: 'staffLead',
  path: '/v1/agents',
  write: 'manage',
  ofDirectory: true,
  needs: ['departments', 'regions'],
  columns: [
    { title: 'role', text: ({ role }) => say(ROLES, role) },
    { title: 'username', text: ({ username }) => String(username ?? '') },
    {
      title: 'departments',
      text: ({ departments: ids }, { departments: all }) => namesOf(ids, all),
    },
    { title: 'disabled', text: ({ disabled }) => (disabled ? t('yes') : '') },
  ],
  fields: ({ departments, regions }) => [
    text('name', 'name'),
    text('username', 'username', 'usernameHint'),
    {
      kind: 'text',
      secret: true,
      name: 'password',
      label: words('password'),
      hint: words('passwordHint'),
    },
    choice('role', 'role', ROLES, 'roleHint'),
    many('departments', 'departments', departments, 'agentDepartmentsHint'),
    {
      kind: 'many',
      name: 'regions',
      label: words('regions'),
      hint: words('agentRegionsHint'),
      choices: regions.map(({ id, name, department_id }) => ({
        value: `${department_id}/${id}`,
        text: `${namesOf([department_id], departments)} / ${name}`,
      })),
    },
    checkbox('crm.access', 'crmAccess', 'crmAccessHint'),
    checkbox('crm.import', 'crmImport', 'crmImportHint'),
    checkbox('crm.export', 'crmExport', 'crmExportHint'),
    checkbox('crm.delete', 'crmDelete', 'crmDeleteHint'),
    checkbox('disabled', 'disabled', 'disabledHint'),
  ],
  blank: {
    role: 'agent',
    departments: [],
    regions: [],
    crm: { access: true, import: true, export: true, delete: true },
    disabled: false,
  },
  removal: 'removeAgent',
  Extra: StaffExtra,
};

const templates: Section = {
  key: 'templates',
  title: 'templates',
  lead: 'templatesLead',
  path: '/v1/templates',
  write: 'curate',
  ofDirectory: true,
  columns: [
    { title: 'text', text: ({ text: written }) => String(written) },
    {
      title: 'channels',
      text: ({ channels }) => (Array.isArray(channels) ? channels.join(', ') : t('all')),
    },
  ],
  fields: () => [
    text('title', 'name', 'templateTitleHint'),
    {
      kind: 'text',
      multiline: true,
      name: 'text',
      label: words('text'),
      hint: words('templateTextHint'),
      required: true,
    },
    {
      kind: 'many',
      name: 'channels',
      label: words('channels'),
      hint: words('templateChannelsHint'),
      choices: CHANNELS,
    },
  ],
  blank: { channels: [] },
  toBody: (body) => ({ ...body, channels: emptyIsNull(body.channels) }),
  nameOf: ({ title }) => String(title),
  removal: 'removeTemplate',
};

const departments: Section = {
  key: 'departments',
  title: 'departments',
  lead: 'departmentsLead',
  path: '/v1/departments',
  write: 'manage',
  ofDirectory: true,
  columns: [],
  fields: () => [text('name', 'name')],
  blank: {},
  removal: 'removeDepartment',
};

const regions: Section = {
  key: 'regions',
  title: 'regions',
  lead: 'regionsLead',
  path: '/v1/departments',
  write: 'manage',
  ofDirectory: true,
  needs: ['departments'],
  load: readRegions,
  columns: [
    {
      title: 'department',
      text: ({ department_id }, { departments: all }) => namesOf([department_id], all),
    },
  ],
  fields: ({ departments: all }, item) => [
    { ...one('department_id', 'department', all), required: true, disabled: item !== null },
    text('name', 'name'),
  ],
  blank: { department_id: '' },
  addressOf: (id, { department_id }) =>
    `/v1/departments/${encodeURIComponent(String(department_id))}/regions/${encodeURIComponent(id)}`,
  toBody: ({ name }) => ({ name }),
  removal: 'removeRegion',
};

const groups: Section = {
  key: 'groups',
  title: 'groups',
  lead: 'groupsLead',
  path: '/v1/groups',
  write: 'manage',
  ofDirectory: true,
  needs: ['agents'],
  columns: [{ title: 'members', text: ({ members }, { agents }) => namesOf(members, agents) }],
  fields: ({ agents }) => [text('name', 'name'), many('members', 'members', agents)],
  blank: { members: [] },
  removal: 'removeGroup',
};

const links: Section = {
  key: 'links',
  title: 'links',
  lead: 'linksLead',
  path: '/v1/links',
  write: 'manage',
  ofDirectory: true,
  needs: ['groups'],
  columns: [{ title: 'group', text: ({ group }, { groups: all }) => namesOf([group], all) }],
  fields: ({ groups: all }) => [
    { ...text('url', 'url', 'linkUrlHint'), kind: 'text', type: 'url' },
    { ...one('group', 'group', all), required: true },
  ],
  blank: { group: '' },
  nameOf: ({ url }) => String(url),
  removal: 'removeLink',
};

const fields: Section = {
  key: 'fields',
  title: 'fields',
  lead: 'fieldsLead',
  path: '/v1/contact-fields',
  write: 'manage',
  columns: [
    { title: 'type', text: ({ type }) => say(FIELD_TYPES, type) },
    { title: 'required', text: ({ required }) => (required ? t('yes') : '') },
  ],
  fields: () => [
    text('name', 'name'),
    choice('type', 'type', FIELD_TYPES),
    {
      kind: 'lines',
      name: 'choices',
      label: words('choices'),
      hint: words('choicesHint'),
      when: ({ type }) => type === 'choice',
    },
    checkbox('required', 'required', 'requiredHint'),
  ],
  blank: { type: 'text', required: false },
  toBody: (body) => ({
    ...body,
    required: body.required === true,
    choices: body.type === 'choice' ? body.choices : null,
  }),
  removal: 'removeField',
};

const pipelines: Section = {
  key: 'pipelines',
  title: 'pipelines',
  lead: 'pipelinesLead',
  path: '/v1/pipelines',
  write: 'manage',
  columns: [{ title: 'steps', text: ({ steps }) => namesOfSteps(steps) }],
  fields: () => [
    text('name', 'name'),
    {
      kind: 'custom',
      name: 'steps',
      label: words('steps'),
      hint: words('stepsHint'),
      draw: (value, set) => StepsField({ value, set }),
    },
  ],
  blank: { steps: [] },
  removal: 'removePipeline',
};

const teams: Section = {
  key: 'teams',
  title: 'teams',
  lead: 'teamsLead',
  path: '/v1/teams',
  write: 'manage',
  needs: ['agents'],
  columns: [
    { title: 'leaders', text: ({ leaders }, { agents }) => namesOf(leaders, agents) },
    { title: 'members', text: ({ members }, { agents }) => namesOf(members, agents) },
  ],
  fields: ({ agents }) => [
    text('name', 'name'),
    many('leaders', 'leaders', agents, 'leadersHint'),
    many('members', 'members', agents),
  ],
  blank: { leaders: [], members: [] },
  removal: 'removeTeam',
};

const warehouses: Section = {
  key: 'warehouses',
  title: 'warehouses',
  lead: 'warehousesLead',
  path: '/v1/warehouses',
  write: 'manage',
  needs: ['agents', 'pages', 'integrations'],
  columns: [
    { title: 'members', text: ({ members }, { agents }) => namesOf(members, agents) },
    {
      title: 'sources',
      text: ({ sources }, lists) => namesOf(sources, [...lists.pages, ...lists.integrations]),
    },
    { title: 'distribute', text: ({ distribute }) => say(DISTRIBUTE, distribute) },
  ],
  fields: ({ agents, pages: all, integrations: other }) => [
    text('name', 'name'),
    { ...text('description', 'description', undefined, false), kind: 'text', multiline: true },
    many('members', 'members', agents, 'warehouseMembersHint'),
    many('managers', 'managers', agents, 'warehouseManagersHint'),
    many('sources', 'sources', [...all, ...other], 'sourcesHint'),
    choice('distribute', 'distribute', DISTRIBUTE, 'distributeHint'),
  ],
  blank: { members: [], managers: [], sources: [], distribute: 'off' },
  canRemove: (item) => item.default !== true,
  removal: 'removeWarehouse',
};

const campaigns: Section = {
  key: 'campaigns',
  title: 'campaigns',
  lead: 'campaignsLead',
  path: '/v1/campaigns',
  write: 'manage',
  columns: [{ title: 'created', text: ({ created_at }) => formatDateTime(String(created_at)) }],
  fields: () => [text('name', 'name')],
  blank: {},
  removal: 'removeCampaign',
};

const sharing: Section = {
  key: 'sharing',
  title: 'sharing',
  lead: 'sharingLead',
  path: '/v1/sharing-rules',
  write: 'manage',
  needs: ['agents', 'campaigns'],
  columns: [
    {
      title: 'campaign',
      text: ({ campaign_id }, { campaigns: all }) => namesOf([campaign_id], all),
    },
    { title: 'sharedWith', text: ({ agent_ids }, { agents }) => namesOf(agent_ids, agents) },
  ],
  fields: ({ agents, campaigns: all }) => [
    text('name', 'name'),
    { ...one('campaign_id', 'campaign', all), required: true },
    many('agent_ids', 'sharedWith', agents, 'sharedWithHint'),
    {
      kind: 'number',
      name: 'every_minutes',
      label: words('every'),
      unit: words('minutes'),
      hint: words('everyHint'),
      min: 1,
      max: 10_080,
      required: true,
    },
    one('owner', 'owner', agents, 'ownerHint'),
  ],
  blank: { campaign_id: '', agent_ids: [], every_minutes: 15, owner: '' },
  toBody: (body) => ({ ...body, type: 'multi_assigned_account' }),
  removal: 'removeSharing',
};

const integrations: Section = {
  key: 'integrations',
  title: 'integrations',
  lead: 'integrationsLead',
  path: '/v1/integrations',
  write: 'manage',
  needs: ['warehouses'],
  columns: [
    { title: 'kind', text: ({ kind }) => say(KINDS, kind) },
    {
      title: 'warehouse',
      text: ({ warehouse_id }, { warehouses: all }) =>
        warehouse_id ? namesOf([warehouse_id], all) : '',
    },
    { title: 'tokenMade', text: ({ token_made_at }) => formatDateTime(String(token_made_at)) },
  ],
  fields: ({ warehouses: all }) => [
    text('name', 'name'),
    choice('kind', 'kind', KINDS, 'kindHint'),
    one('warehouse_id', 'warehouse', all, 'integrationWarehouseHint'),
  ],
  blank: { kind: 'leads', warehouse_id: '' },
  removal: 'removeIntegration',
  Extra: TokenExtra,
};

function emptyIsNull(value: unknown): unknown {
  return Array.isArray(value) && value.length ? value : null;
}

function namesOfSteps(steps: unknown): string {
  return Array.isArray(steps) ? steps.map(({ name }) => String(name)).join(' → ') : '';
}

export const SECTIONS: readonly Section[] = [
  pages,
  staff,
  templates,
  departments,
  regions,
  groups,
  links,
  fields,
  pipelines,
  teams,
  warehouses,
  campaigns,
  sharing,
  integrations,
];
