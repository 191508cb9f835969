import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const KEPT = 'tuyen.theme';

function kept(): Theme {
  const found = localStorage.getItem(KEPT);
  return found === 'light' || found === 'dark' ? found : 'system';
}

export const theme = signal<Theme>(kept());

export function setTheme(to: Theme): void {
  localStorage.setItem(KEPT, to);
  theme.value = to;
}

/** The tokens are `light-dark()` colours: all of them follow `color-scheme`. */
export function startTheme(): void {
  effect(() => {
    const { style } = document.documentElement;
    style.colorScheme = theme.value === 'system' ? 'light dark' : theme.value;
  });
}
