import { Dialog, Key } from '../../ui';
import styles from './shell.module.css';
import { words } from './texts';

type Word = Parameters<typeof words>[0];

const KEYS: readonly [Word, readonly (readonly [string, Word])[]][] = [
  [
    'keysEverywhere',
    [
      ['Ctrl K', 'keyPalette'],
      ['/', 'keySearch'],
      ['?', 'keyHelp'],
    ],
  ],
  [
    'keysList',
    [
      ['J', 'keyNext'],
      ['K', 'keyPrevious'],
      ['R', 'keyReply'],
      ['A', 'keyAssign'],
      ['E', 'keyDone'],
      ['U', 'keyUnread'],
      ['T', 'keyTag'],
      ['X', 'keySelect'],
      ['Enter', 'keySend'],
      ['Shift Enter', 'keyLine'],
    ],
  ],
  [
    'keysComments',
    [
      ['H', 'keyHide'],
      ['L', 'keyLike'],
      ['P', 'keyPrivate'],
    ],
  ],
  [
    'keysLive',
    [
      ['Space', 'keyClaim'],
      ['H', 'keyHide'],
      ['P', 'keyPrivate'],
      ['Enter', 'keySend'],
    ],
  ],
];

export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={words('help')} onClose={onClose} wide>
      <div class={styles.help}>
        {KEYS.map(([group, keys]) => (
          <section key={group}>
            <h3>{words(group as 'keysList')}</h3>
            <dl>
              {keys.map(([key, does]) => (
                <div key={key}>
                  <dt>
                    {key.split(' ').map((part) => (
                      <Key key={part}>{part}</Key>
                    ))}
                  </dt>
                  <dd>{words(does as 'keyNext')}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
