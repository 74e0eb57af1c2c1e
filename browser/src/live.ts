// Keeps the part #live of a page as the server has it: quickly while something is unfinished, slowly else, not while hidden.
import { keepingFocus } from "./dom";

const QUICK = 500;
const SLOW = 10_000;
const SLOWEST = 60_000;
const PART = 5; // at most such a part of the time goes by for it

let root: HTMLElement;
let timer = 0;
let busy = false;
let again = false;
let failures = 0;
let took = 0;

export function keepFresh(element: HTMLElement): void {
  root = element;
  document.addEventListener("visibilitychange", () => void refresh());
  plan();
}

export async function refresh(): Promise<void> {
  clearTimeout(timer);
  if (document.hidden) return;
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  const begun = performance.now();
  try {
    await fetchOnce();
    failures = 0;
    took = performance.now() - begun;
  } catch {
    failures += 1; // the server is away or restarts: ask again, ever more rarely
  }
  busy = false;
  if (again) {
    again = false;
    void refresh();
  } else plan();
}

function plan(): void {
  const pause = "unfinished" in root.dataset ? Math.max(QUICK, PART * took) : SLOW;
  timer = setTimeout(() => void refresh(), Math.min(pause * 2 ** failures, SLOWEST));
}

async function fetchOnce(): Promise<void> {
  const arrived = root.querySelectorAll("[data-local][id]");
  const response = await fetch(root.dataset.live ?? "", { headers: { Accept: "text/html" } });
  if (response.redirected || response.status === 404) leave(); // signed out, or the file was deleted
  if (!response.ok) throw new Error(response.statusText);
  root.dispatchEvent(new Event("listed", { bubbles: true }));
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("live");
  if (!fresh) return;
  keepingFocus(() => morph(root, fresh));
  for (const row of arrived) if ("local" in (row as HTMLElement).dataset) row.remove(); // this list is another one's
}

// Uploads that are under way keep the page.
function leave(): void {
  if (root.dispatchEvent(new Event("leave", { bubbles: true, cancelable: true }))) location.reload();
  throw new Error("The list is not to be had.");
}

// Changes only what differs, so that focus, selection, scroll positions and open menus stay.
function morph(old: ChildNode, fresh: ChildNode): void {
  if (old.isEqualNode(fresh) || isKept(old, fresh)) return;
  if (!(old instanceof Element && fresh instanceof Element) || old.nodeName !== fresh.nodeName || old.id !== fresh.id) {
    old.replaceWith(fresh);
    return;
  }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  morphChildren(old, fresh);
}

// What people have folded, sorted or begun to play stays as it is, until there is something else to show.
function isKept(old: ChildNode, fresh: ChildNode): boolean {
  if (!(old instanceof HTMLElement && fresh instanceof HTMLElement) || !("kept" in fresh.dataset)) return false;
  if (old.dataset.kept === fresh.dataset.kept) return true;
  old.replaceWith(fresh);
  fresh.dispatchEvent(new Event("fresh", { bubbles: true }));
  return true;
}

function morphChildren(old: Element, fresh: Element): void {
  const named = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  const wanted = new Set([...fresh.children].map((child) => child.id));
  const isLocal = (node: Node): boolean =>
    node instanceof HTMLElement && "local" in node.dataset && !(node.id && wanted.has(node.id));
  const rest = [...old.childNodes].filter((child) => !(child instanceof Element && child.id) && !isLocal(child));
  const kept = new Set<Node | null>();
  // Rows on their way in, which the server does not list, stay on top.
  let place: ChildNode | null = [...old.children].findLast(isLocal) ?? null;
  for (const child of [...fresh.childNodes]) {
    const match = child instanceof Element && child.id ? named.get(child.id) : rest.shift();
    const next: ChildNode | null = place ? place.nextSibling : old.firstChild;
    if (!match) {
      old.insertBefore(child, next);
      place = child;
    } else {
      if (match !== next) old.insertBefore(match, next);
      const before = match.previousSibling;
      morph(match, child);
      place = before ? before.nextSibling : old.firstChild;
    }
    kept.add(place);
  }
  for (const child of [...old.childNodes]) if (!kept.has(child) && !isLocal(child)) child.remove();
}
