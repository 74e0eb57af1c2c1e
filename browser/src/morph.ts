// Changes only what differs, so that focus, selection, scroll positions and open menus stay.
const OF_HTMX = "data-htmx-powered";

export function morph(old: ChildNode, fresh: ChildNode): void {
  if (old.isEqualNode(fresh) || isKept(old, fresh)) return;
  if (!(old instanceof Element && fresh instanceof Element) || old.nodeName !== fresh.nodeName || old.id !== fresh.id) {
    old.replaceWith(fresh);
    return;
  }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== OF_HTMX) old.removeAttribute(name);
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
  const rest = [...old.childNodes].filter((child) => !(child instanceof Element && child.id));
  const kept = new Set<Node | null>();
  let place: ChildNode | null = null;
  for (const child of [...fresh.childNodes]) {
    const match = child instanceof Element && child.id ? named.get(child.id) : rest.shift();
    const next: ChildNode | null = place ? place.nextSibling : old.firstChild;
    if (!match) {
      old.insertBefore(child, next);
      place = child;
    } else {
      if (match !== next) old.insertBefore(match, next);
      const before: ChildNode | null = match.previousSibling;
      morph(match, child);
      place = before ? before.nextSibling : old.firstChild;
    }
    kept.add(place);
  }
  for (const child of [...old.childNodes]) if (!kept.has(child)) child.remove();
}
