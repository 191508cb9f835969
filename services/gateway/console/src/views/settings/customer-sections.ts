import { formatDateTime, t } from '../../texts';
import { namesOf, type Section } from './section';
import { checkbox, choice, many, one, say, text } from './section-fields';
import { StepsField } from './steps-field';
import { type Word, words } from './texts';
import { TokenExtra } from './token-extra';

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

export const fields: Section = {
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

export const pipelines: Section = {
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

export const teams: Section = {
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

export const warehouses: Section = {
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

export const campaigns: Section = {
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

export const sharing: Section = {
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

export const integrations: Section = {
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

export const numbers: Section = {
  key: 'merging',
  title: 'numbers',
  lead: 'numbersLead',
  path: '/v1/shared-numbers',
  write: 'manage',
  method: 'POST',
  columns: [{ title: 'created', text: ({ created_at }) => formatDateTime(String(created_at)) }],
  fields: (_, item) => [{ ...text('value', 'number'), disabled: item !== null }],
  blank: {},
  nameOf: ({ value }) => String(value),
  addressOf: (id, { value }) =>
    id ? `/v1/shared-numbers/${encodeURIComponent(String(value))}` : '/v1/shared-numbers',
  removal: 'removeNumber',
};

function namesOfSteps(steps: unknown): string {
  return Array.isArray(steps) ? steps.map(({ name }) => String(name)).join(' → ') : '';
}
