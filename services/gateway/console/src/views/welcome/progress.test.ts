import { expect, test } from 'vitest';
import type { Schema } from '../../api/client';
import { commandOf } from './progress';

test('what a customer writes stays one word of the command', () => {
  const page = { channel: 'facebook', external_id: '105' } as Schema<'PageView'>;
  const command = commandOf('http://127.0.0.1:8002', page, "What's new?");
  expect(command).toContain('http://127.0.0.1:8002/_double/say');
  expect(command).toContain(`"account":"105"`);
  expect(command).toContain(`What'\\''s new?`);
});
