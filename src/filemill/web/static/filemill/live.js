// Keeps the part #live of a page as the server has it: quickly while something is unfinished, slowly else, not while hidden.
const QUICK = 1000, SLOW = 10000, SLOWEST = 60000;
let root, timer, busy = false, again = false, failures = 0;

export function keepFresh(element) {
  root = element;
  document.addEventListener("visibilitychange", refresh);
  plan();
}

export async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return;
  if (busy) { again = true; return; }
  busy = true;
  try {
    await fetchOnce();
    failures = 0;
  } catch {
    failures += 1; // the server is away or restarts: ask again, ever more rarely
  }
  busy = false;
  if (again) { again = false; refresh(); } else plan();
}

function plan() {
  const pause = "unfinished" in root.dataset ? QUICK : SLOW;
  timer = setTimeout(refresh, Math.min(pause * 2 ** failures, SLOWEST));
}

async function fetchOnce() {
  const response = await fetch(root.dataset.live, { headers: { Accept: "text/html" } });
  if (response.redirected || response.status === 404) location.reload(); // signed out, or the file was deleted
  if (!response.ok) throw new Error(response.statusText);
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("live");
  if (fresh) morph(root, fresh);
}

// Changes only what differs, so that focus, selection, scroll positions and open menus stay.
function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType !== Node.ELEMENT_NODE || old.nodeName !== fresh.nodeName || old.id !== fresh.id) {
    old.replaceWith(fresh);
    return;
  }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  morphChildren(old, fresh);
}

function morphChildren(old, fresh) {
  const named = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  const wanted = new Set([...fresh.children].map((child) => child.id));
  const isLocal = (node) => node.nodeType === Node.ELEMENT_NODE && "local" in node.dataset && !(node.id && wanted.has(node.id));
  const rest = [...old.childNodes].filter((child) => !child.id && !isLocal(child));
  const kept = new Set();
  let place = [...old.children].findLast(isLocal) ?? null; // rows on their way in, which the server does not list, stay on top
  for (const child of [...fresh.childNodes]) {
    const match = child.id ? named.get(child.id) : rest.shift();
    const next = place ? place.nextSibling : old.firstChild;
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
