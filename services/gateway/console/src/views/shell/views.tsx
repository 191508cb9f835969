import { routeView } from '../../router';
import { t } from '../../texts';

export function Views() {
  return <main>{routeView.value === 'missing' ? t('notFound') : t('loading')}</main>;
}
