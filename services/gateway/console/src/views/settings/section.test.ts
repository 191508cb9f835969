import { describe, expect, test } from 'vitest';
import type { FormField } from '../../ui/data-form';
import { pages, staff, templates } from './channel-sections';
import { fields, integrations, numbers, pipelines, sharing } from './customer-sections';
import { links, regions } from './routing-sections';
import { addressOf, bodyOf, type Lists, namesOf, type Section } from './section';

const LISTS: Lists = {
  agents: [],
  pages: [],
  departments: [],
  groups: [],
  campaigns: [],
  integrations: [],
  warehouses: [],
  regions: [],
};
const bodyIn = (section: Section, values: Record<string, unknown>) =>
  bodyOf(section, section.fields(LISTS, null) as readonly FormField[], {
    ...section.blank,
    ...values,
  });

describe('the body of a form', () => {
  test('has the fields of the form alone, and null for what is empty', () => {
    expect(
      bodyIn(links, { id: 'l', version: 3, url: ' https://shop.example ', group: '' }),
    ).toEqual({
      url: 'https://shop.example',
      group: null,
    });
  });

  test('keeps the password and the credentials that there are', () => {
    expect(bodyIn(staff, { name: 'Lan', username: 'lan', password: '' }).password).toBeNull();
    const kept = bodyIn(pages, {
      name: 'Giày',
      external_id: '1',
      credentials: { access_token: '' },
    });
    expect(kept.credentials).toBeNull();
  });

  test('leaves a livechat its state, and gives it what only livechats have', () => {
    const body = bodyIn(pages, {
      channel: 'livechat',
      name: 'Web',
      status: 'waiting',
      sites: ['https://shop.example', ''],
      credentials: { access_token: 'left over' },
    });
    expect(body).toMatchObject({
      status: null,
      sites: ['https://shop.example'],
      credentials: null,
    });
    expect(bodyIn(pages, { name: 'Giày', sites: ['x'], reply_url: 'x' })).toMatchObject({
      sites: [],
      reply_url: null,
    });
  });

  test('says null for all channels, and choices only for a choice', () => {
    expect(bodyIn(templates, { title: 'a', text: 'b' }).channels).toBeNull();
    expect(bodyIn(fields, { type: 'text', choices: ['a'] }).choices).toBeNull();
    expect(bodyIn(fields, { type: 'choice', choices: [' a ', ''] }).choices).toEqual(['a']);
  });

  test('has the steps as they are, the type of a sharing rule, and no empty warehouse', () => {
    const steps = [{ id: 's', name: 'Mới', color: null }];
    expect(bodyIn(pipelines, { name: 'Bán', steps })).toEqual({ name: 'Bán', steps });
    expect(bodyIn(sharing, {}).type).toBe('multi_assigned_account');
    expect(bodyIn(integrations, { name: 'Tổng đài' }).warehouse_id).toBeNull();
  });
});

test('each is written where it is', () => {
  expect(addressOf(regions, 'bac', { department_id: 'sales' })).toBe(
    '/v1/departments/sales/regions/bac',
  );
  expect(addressOf(numbers, '', { value: '19001234' })).toBe('/v1/shared-numbers');
  expect(addressOf(numbers, 'n', { value: 'a@b.vn' })).toBe('/v1/shared-numbers/a%40b.vn');
  expect(addressOf(staff, 'a/b', {})).toBe('/v1/agents/a%2Fb');
});

test('a name that is not known is its id', () => {
  expect(namesOf(['lan', 'gone'], [{ id: 'lan', name: 'Lan' }])).toBe('Lan, gone');
});
