import { ALERTS, MARKET, type Route } from '../app/route.ts'
import { Icon } from './icon.tsx'
import { Link } from './link.tsx'
import { openQuickJump } from './quick-jump.tsx'

const ITEM =
  'flex flex-1 flex-col items-center justify-center gap-0.5 text-[11px] text-dim aria-[current=page]:text-accent'

/** The pages on a phone, under the thumb. */
export function BottomNavigation({ route }: { readonly route: Route }) {
  return (
    <nav
      className="flex h-14 shrink-0 border-line border-t bg-panel pb-[env(safe-area-inset-bottom)] md:hidden"
      aria-label="Pages"
    >
      <Link to={MARKET} className={ITEM} aria-current={route.page === 'market' ? 'page' : undefined}>
        <Icon name="market" size={20} /> Market
      </Link>
      <button type="button" className={ITEM} onClick={openQuickJump}>
        <Icon name="search" size={20} /> Go to
      </button>
      <Link to={ALERTS} className={ITEM} aria-current={route.page === 'alerts' ? 'page' : undefined}>
        <Icon name="alerts" size={20} /> Alerts
      </Link>
    </nav>
  )
}
