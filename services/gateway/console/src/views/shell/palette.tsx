import { useEffect, useState } from 'preact/hooks';
import { api, take } from '../../api/client';
import { href, navigate } from '../../router';
import { language, setLanguage, t } from '../../texts';
import { Dialog, Icon, matching, type Option, OptionList, useOptions } from '../../ui';
import { setTheme, theme } from '../../ui/theme';
import { places } from './navigation';
import styles from './shell.module.css';
import { words } from './texts';

const PAUSE_MS = 150;
const FOUND = 8;

interface Command extends Option {
  run: () => void;
}

interface PaletteProps {
  onClose: () => void;
  onHelp: () => void;
}

/** Everything by its name: places, commands, conversations of customers. */
export function Palette({ onClose, onHelp }: PaletteProps) {
  const [query, setQuery] = useState('');
  const customers = useCustomers(query);
  const commands = [...listCommands(onHelp)];
  const byValue = new Map([...commands, ...customers].map((one) => [one.value, one]));
  const shown = [...matching(commands, query), ...customers];
  const pick = (value: string) => {
    onClose();
    byValue.get(value)?.run();
  };
  const state = useOptions(shown, pick);
  return (
    <Dialog title={words('palette')} onClose={onClose} bare>
      <div class={styles.query}>
        <Icon name="search" />
        <input
          {...state.input}
          role="combobox"
          type="text"
          aria-label={words('palette')}
          aria-expanded={true}
          autoComplete="off"
          autofocus
          placeholder={words('paletteHint')}
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
          onKeyDown={(event) => state.onKey(event)}
        />
      </div>
      <div class={styles.found}>
        <OptionList label={words('palette')} options={shown} state={state} onPick={pick} />
      </div>
    </Dialog>
  );
}

function listCommands(onHelp: () => void): readonly Command[] {
  const other = language.value === 'vi' ? 'en' : 'vi';
  const dark = theme.value === 'dark';
  return [
    ...places().map(({ view, icon }) => ({
      value: `go:${view}`,
      text: words('goTo', t(view)),
      icon,
      run: () => navigate(href(view)),
    })),
    {
      value: 'theme',
      icon: 'sun',
      text: `${words('appearance')}: ${words(dark ? 'light' : 'dark')}`,
      run: () => setTheme(dark ? 'light' : 'dark'),
    },
    {
      value: 'language',
      icon: 'globe',
      text: words(other === 'en' ? 'toEnglish' : 'toVietnamese'),
      run: () => setLanguage(other),
    },
    { value: 'help', icon: 'keyboard', text: words('help'), hint: '?', run: onHelp },
  ];
}

/** The conversations of customers whose names contain the query, as the gateway finds them. */
function useCustomers(query: string): readonly Command[] {
  const [found, setFound] = useState<readonly Command[]>([]);
  useEffect(() => {
    const q = query.trim();
    setFound([]);
    if (q.length < 2) return;
    const asking = new AbortController();
    const timer = setTimeout(async () => {
      const asked = api.GET('/v1/conversations', {
        params: { query: { q, limit: FOUND } },
        signal: asking.signal,
      });
      const { items } = await take(asked).catch(() => ({ items: [] }));
      if (asking.signal.aborted) return;
      setFound(
        items.map(({ id, kind, customer, last_text }) => ({
          value: `open:${id}`,
          text: customer.name ?? customer.external_id,
          hint: last_text ?? undefined,
          icon: kind === 'message' ? 'inbox' : 'comment',
          run: () => navigate(href(kind === 'message' ? 'inbox' : 'comments', id)),
        })),
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      asking.abort();
    };
  }, [query]);
  return found;
}
