/** Which page is shown: the address bar is the only truth. */
const state = $state({ path: typeof location === "undefined" ? "/" : location.pathname });

export const path = (): string => state.path;

export function go(to: string): void {
  if (to !== location.pathname) history.pushState(null, "", to);
  state.path = to;
  scrollTo(0, 0);
}

/** Follows plain clicks on links of our own without loading the page again. */
export function follow(event: MouseEvent): void {
  const link = (event.target as Element).closest?.("a[href^='/']:not([download])");
  if (!link || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link.getAttribute("href") ?? "/");
}

if (typeof addEventListener !== "undefined") addEventListener("popstate", () => (state.path = location.pathname));
