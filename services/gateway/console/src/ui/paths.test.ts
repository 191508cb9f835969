import fc from 'fast-check';
import { expect, test } from 'vitest';
import { errorAt, readPath, writePath } from './paths';

const path = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 });

test('what was written at a path is read there, and the original stays as it was', () => {
  fc.assert(
    fc.property(path, fc.dictionary(fc.constantFrom('a', 'b'), fc.string()), (parts, values) => {
      const before = structuredClone(values);
      expect(readPath(writePath(values, parts.join('.'), 7), parts.join('.'))).toBe(7);
      expect(values).toEqual(before);
    }),
  );
});

test('an error of a part of a field stands at the field', () => {
  const errors = [
    { field: 'members.0.agent_id', detail: 'Nobody has this id.' },
    { field: 'name', detail: 'It is empty.' },
    { field: 'names', detail: 'Another.' },
  ];
  expect(errorAt(errors, 'members')).toBe('Nobody has this id.');
  expect(errorAt(errors, 'name')).toBe('It is empty.');
  expect(errorAt(errors, 'mode')).toBeNull();
});
