import type { FormField } from '../../ui';
import type { Item } from './routes';
import { choicesOf } from './section';
import { type Word, words } from './texts';

/** Fields and values as the sections describe them. */
export const text = (name: string, label: Word, hint?: Word, required = true): FormField => ({
  kind: 'text',
  name,
  label: words(label),
  hint: hint && words(hint),
  required,
});
export const choice = (name: string, label: Word, values: readonly [string, Word][], hint?: Word) =>
  ({
    kind: 'choice',
    name,
    label: words(label),
    hint: hint && words(hint),
    choices: values.map(([value, word]) => ({ value, text: words(word) })),
  }) satisfies FormField;
export const many = (
  name: string,
  label: Word,
  items: readonly Item[],
  hint?: Word,
): FormField => ({
  kind: 'many',
  name,
  label: words(label),
  hint: hint && words(hint),
  choices: choicesOf(items),
});
export const one = (name: string, label: Word, items: readonly Item[], hint?: Word): FormField => ({
  kind: 'choice',
  name,
  label: words(label),
  hint: hint && words(hint),
  choices: [{ value: '', text: '—' }, ...choicesOf(items)],
});
export const checkbox = (name: string, label: Word, hint?: Word): FormField => ({
  kind: 'checkbox',
  name,
  label: words(label),
  hint: hint && words(hint),
});

export const CHANNELS = [
  { value: 'facebook', text: 'Facebook' },
  { value: 'zalo', text: 'Zalo' },
  { value: 'livechat', text: 'Livechat' },
];

export function nameOfChannel(channel: unknown): string {
  return CHANNELS.find(({ value }) => value === channel)?.text ?? String(channel);
}

export function say(values: readonly [string, Word][], value: unknown): string {
  const found = values.find(([key]) => key === value);
  return found ? words(found[1]) : String(value ?? '');
}
