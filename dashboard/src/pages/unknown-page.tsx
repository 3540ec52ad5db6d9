import { MARKET } from '../app/route.ts'
import { Link } from '../components/link.tsx'
import { StateNote } from '../components/state-note.tsx'

export function UnknownPage({ path }: { readonly path: string }) {
  return (
    <StateNote title="No such page" detail={<code className="font-mono">{path}</code>}>
      <Link to={MARKET} className="text-accent underline underline-offset-2">
        To the market
      </Link>
    </StateNote>
  )
}
