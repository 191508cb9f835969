import { expect, test } from 'vitest';
import { fillIn } from './fill-in';

test('I7: placeholders are the names, and names are no placeholders', () => {
  const text = 'Chào {{customer.name}}, em là {{ agent.name }}. {{other}}';
  expect(fillIn(text, '{{agent.name}}', 'Lan')).toBe('Chào {{agent.name}}, em là Lan. {{other}}');
});
