import type { AnchorHTMLAttributes, MouseEvent, Ref } from 'react'
import { navigate } from '../app/navigation.ts'
import { type Route, routeAddress } from '../app/route.ts'

type LinkProps = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> & {
  readonly to: Route
  readonly ref?: Ref<HTMLAnchorElement>
}

/** A link inside the page; with a modifier key or the middle button it opens as the browser's own. */
export function Link({ to, onClick, ...rest }: LinkProps) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event)
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    navigate(to)
  }
  return <a href={routeAddress(to)} onClick={follow} {...rest} />
}
