import { t } from '../../texts';
import type { Values } from '../../ui';
import { PageConnect } from './page-connect';
import { PageExtra, PageNotice } from './page-extra';
import { namesOf, type Section } from './section';
import { CHANNELS, checkbox, choice, many, nameOfChannel, say, text } from './section-fields';
import { StaffExtra } from './staff-extra';
import { type Word, words } from './texts';

const ROLES: readonly [string, Word][] = [
  ['agent', 'agent'],
  ['sales_manager', 'salesManager'],
  ['store_manager', 'storeManager'],
  ['chain_manager', 'chainManager'],
  ['system_admin', 'systemAdmin'],
];
const PAGE_STATES = ['active', 'waiting', 'verified', 'inactive'] as const;

const isA = (channel: string) => (values: Values) => values.channel === channel;

export const pages: Section = {
  key: 'pages',
  title: 'pages',
  lead: 'pagesLead',
  path: '/v1/pages',
  write: 'manage',
  ofDirectory: true,
  needs: ['agents'],
  columns: [
    { title: 'channel', text: ({ channel }) => nameOfChannel(channel) },
    {
      title: 'state',
      text: ({ status, problem, connected }) =>
        problem
          ? words('hasProblem')
          : connected === false
            ? words('notConnected')
            : words(PAGE_STATES.find((state) => state === status) ?? 'inactive'),
      tone: ({ problem, connected }) => (problem ? 'bad' : connected === false ? 'warn' : null),
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
        ...(item?.status === 'waiting' || item?.status === 'verified'
          ? ([[item.status, item.status]] satisfies [string, Word][])
          : []),
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
      kind: 'text',
      type: 'datetime-local',
      name: 'credentials.expires_at',
      label: words('expiresAt'),
      hint: words('expiresAtHint'),
      when: ({ credentials }) => Boolean((credentials as Values | undefined)?.access_token),
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
  toBody: ({ credentials, ...body }) => {
    const given = (credentials ?? {}) as Values;
    const live = body.channel === 'livechat';
    return {
      ...body,
      // The other states are the gateway's to say: it keeps the one that there is.
      status: body.status === 'active' || body.status === 'inactive' ? body.status : null,
      automatic_apps: live ? [] : (body.automatic_apps ?? []),
      sites: live ? (body.sites ?? []) : [],
      reply_url: live ? body.reply_url : null,
      credentials:
        !live && given.access_token
          ? {
              access_token: given.access_token,
              refresh_token: given.refresh_token || null,
              expires_at: given.expires_at
                ? new Date(String(given.expires_at)).toISOString()
                : null,
            }
          : null,
    };
  },
  removal: 'removePage',
  Head: PageConnect,
  Notice: PageNotice,
  Extra: PageExtra,
};

export const staff: Section = {
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
    {
      title: 'state',
      text: ({ disabled }) => words(disabled ? 'locked' : 'active'),
      tone: ({ disabled }) => (disabled ? 'warn' : null),
    },
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

export const templates: Section = {
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
      text: ({ channels }) =>
        Array.isArray(channels) ? channels.map(nameOfChannel).join(', ') : t('all'),
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

function emptyIsNull(value: unknown): unknown {
  return Array.isArray(value) && value.length ? value : null;
}
