import { language, setLanguage, t } from '../../texts';
import { Button } from '../../ui';
import { words } from './texts';

/** Switches to the other language, whose name is written in itself. */
export function LanguageSwitch({ wide }: { wide?: boolean }) {
  const other = language.value === 'vi' ? 'en' : 'vi';
  const name = words(other === 'en' ? 'toEnglish' : 'toVietnamese');
  return (
    <div role="group" aria-label={t('language')}>
      <Button
        kind="quiet"
        icon="globe"
        lang={other}
        aria-label={name}
        title={name}
        onClick={() => setLanguage(other)}
      >
        {wide && name}
      </Button>
    </div>
  );
}
