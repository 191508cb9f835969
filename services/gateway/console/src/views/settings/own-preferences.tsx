import { prefer, preferences } from '../../preferences';
import { type Language, language, setLanguage, t } from '../../texts';
import { Checkbox, SelectField } from '../../ui';
import { setTheme, type Theme, theme } from '../../ui/theme';
import { Head } from './listing';
import styles from './settings.module.css';
import { words } from './texts';

/** What the viewer prefers; each choice applies at once, on all of the viewer's devices. */
export function OwnPreferences() {
  return (
    <>
      <Head title="own" lead="ownLead" />
      <div class={styles.steps}>
        <SelectField
          label={t('language')}
          value={language.value}
          choices={[
            { value: 'vi', text: 'Tiếng Việt' },
            { value: 'en', text: 'English' },
          ]}
          onValue={(to) => setLanguage(to as Language)}
        />
        <SelectField
          label={words('theme')}
          value={theme.value}
          choices={[
            { value: 'system', text: words('themeSystem') },
            { value: 'light', text: words('themeLight') },
            { value: 'dark', text: words('themeDark') },
          ]}
          onValue={(to) => setTheme(to as Theme)}
        />
        <Checkbox
          label={words('sound')}
          hint={words('soundHint')}
          checked={preferences.value.sound !== false}
          onChecked={(sound) => prefer({ sound })}
        />
      </div>
    </>
  );
}
