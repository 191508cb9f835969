import { effect, signal } from '@preact/signals';
import { api, take } from './api/client';
import { language, setLanguage } from './texts';
import { setTheme, type Theme, theme } from './ui/theme';

/** What an agent prefers, kept by the gateway (I15). Names of other programs stay as they are. */
export interface Preferences {
  sound?: boolean;
  [name: string]: unknown;
}

export const preferences = signal<Preferences>({});

/** Reads the viewer's preferences; from then on the language and the theme follow them. */
export async function loadPreferences(): Promise<void> {
  const { data } = await api.GET('/v1/me/preferences');
  const found = (data ?? {}) as Preferences;
  preferences.value = found;
  if (found.language === 'vi' || found.language === 'en') setLanguage(found.language);
  if (isTheme(found.theme)) setTheme(found.theme);
}

/** They are the viewer's who has left. */
export function forgetPreferences(): void {
  preferences.value = {};
}

let writing: Promise<unknown> = Promise.resolve();

/** Changes some, at once here and then at the gateway, one write after the other. */
export function prefer(changes: Preferences): void {
  preferences.value = { ...preferences.value, ...changes };
  const body = preferences.value;
  writing = writing.then(() => take(api.PUT('/v1/me/preferences', { body }))).catch(() => {});
}

/** Writes down the language and the theme when they are changed here. */
export function followPreferences(): () => void {
  return effect(() => {
    const { language: kept = 'vi', theme: keptTheme = 'system' } = preferences.peek();
    const changes = { language: language.value, theme: theme.value };
    if (changes.language !== kept || changes.theme !== keptTheme) prefer(changes);
  });
}

function isTheme(value: unknown): value is Theme {
  return value === 'system' || value === 'light' || value === 'dark';
}
