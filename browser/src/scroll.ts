// Fetches the next page of the list when its end comes near, and the one before where it began in the middle.
import { fragment } from "./ask";
import { countRows, extend, rows } from "./list";
import { addressOf, begins, plain, setTop, twoFramesLater } from "./place";
import { say } from "./say";
import { loaded } from "./words";

const AHEAD = 1500;
const AGAIN_AFTER = 3000;
const SLOWEST = 60_000;

const under_way = new Set<string>();
let observer: IntersectionObserver;
let failures = 0;
let isScrolled = false; // to ask for the place itself would cost a layout

export function loadAsOneScrolls(): void {
  observer = new IntersectionObserver(seen, { rootMargin: `${AHEAD}px 0px` });
  document.addEventListener("rows", observe);
  observe();
  // What is above comes once somebody goes there: at first they see what they came for.
  const begin = (): void => {
    isScrolled = true;
    observe();
  };
  for (const name of ["scroll", "wheel", "touchmove"]) addEventListener(name, begin, { once: true, passive: true });
}

function observe(): void {
  observer.disconnect();
  for (const name of isScrolled ? ["before", "after"] : ["after"]) {
    const link = document.getElementById(name);
    if (link) observer.observe(link);
  }
}

function seen(entries: readonly IntersectionObserverEntry[]): void {
  for (const { isIntersecting, target } of entries)
    if (isIntersecting && (target.id === "before" || target.id === "after")) void load(target.id, target);
}

async function load(end: "before" | "after", nav: Element): Promise<void> {
  const search = queryOf(nav);
  if (under_way.has(search)) return;
  under_way.add(search);
  try {
    const fresh = await fragment(addressOf(search));
    under_way.delete(search);
    failures = 0;
    if (queryOf(document.getElementById(end)) !== search) return observe(); // the list was replaced meanwhile
    if (end === "after") after(fresh, search);
    else before(fresh, search);
  } catch {
    setTimeout(() => {
      under_way.delete(search);
      observe();
    }, Math.min(AGAIN_AFTER * 2 ** failures, SLOWEST));
    failures += 1;
  }
}

function queryOf(nav: Element | null): string {
  return plain(nav?.querySelector("a")?.href ?? "");
}

function after(fresh: Document, search: string): void {
  const more = extend("after", fresh);
  if (more[0]) begins(more[0], search);
  if (more.length) say(loaded(more.length, countRows()));
}

function before(fresh: Document, search: string): void {
  const [first] = rows();
  const then = first?.getBoundingClientRect().top ?? 0;
  const more = extend("before", fresh);
  if (more[0]) begins(more[0], search);
  const page = more[0]?.closest(".page");
  page?.classList.add("drawn"); // else its height would be a guess, and the list would jump once it is known
  const now = first?.getBoundingClientRect().top ?? 0;
  if (now !== then) scrollBy(0, now - then);
  twoFramesLater(() => page?.classList.remove("drawn"));
  const address = new URL(addressOf(search), location.href);
  if (!fresh.getElementById("before")) address.searchParams.delete("cursor"); // the list begins here
  setTop(address.pathname + address.search);
}
