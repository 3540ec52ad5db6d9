import { ALERTS } from '../app/route.ts'
import { Link } from '../components/link.tsx'
import { AlertList } from './alert-list.tsx'

const EVERYTHING = {}

/** The feed beside the market. */
export function AlertFeedPanel() {
  return (
    <>
      <div className="panel-title shrink-0">
        <h2>Alerts</h2>
        <Link
          to={ALERTS}
          className="ml-auto font-normal text-[12px] text-dim underline-offset-2 hover:text-text hover:underline"
        >
          Show all
        </Link>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <AlertList filter={EVERYTHING} isNarrow maxCount={60} />
      </div>
    </>
  )
}
