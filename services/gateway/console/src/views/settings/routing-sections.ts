import { namesOf, readRegions, type Section } from './section';
import { many, one, text } from './section-fields';

export const departments: Section = {
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

export const regions: Section = {
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

export const groups: Section = {
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

export const links: Section = {
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
