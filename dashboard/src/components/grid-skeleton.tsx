/** As tall as the rows that will come, so that nothing jumps. */
export function GridSkeleton({ rowCount }: { readonly rowCount: number }) {
  return (
    <div role="status" aria-label="Loading" className="px-2.5 pt-8">
      {Array.from({ length: rowCount }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: all alike
        <div key={index} className="flex h-[30px] items-center gap-6">
          <span className="skeleton h-3 w-14" />
          <span className="skeleton ml-auto h-3 w-16" />
          <span className="skeleton h-3 w-14" />
          <span className="skeleton hidden h-3 w-14 md:block" />
          <span className="skeleton hidden h-3 w-16 md:block" />
          <span className="skeleton hidden h-3 w-24 lg:block" />
        </div>
      ))}
    </div>
  )
}
