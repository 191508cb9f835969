import { effect } from '@preact/signals';
import { render } from 'preact';
import './ui/tokens.css';
import './ui/base.css';
import { startRouter } from './router';
import { begin } from './session';
import { language } from './texts';
import { startTheme } from './ui/theme';
import { App } from './views/shell/app';

effect(() => {
  document.documentElement.lang = language.value;
});
startTheme();
startRouter();
void begin();

const root = document.getElementById('app');
if (root) render(<App />, root);
