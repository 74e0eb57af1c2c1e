// The few things that are done to elements everywhere.

export function find<Found extends Element = HTMLElement>(within: ParentNode, selector: string): Found {
  const found = within.querySelector<Found>(selector);
  if (!found) throw new Error(`The page has no ${selector}`);
  return found;
}

// What did not change is not written: writing costs a new layout, and is announced anew.
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

export function setHidden(element: HTMLElement, hidden: boolean): void {
  if (element.hidden !== hidden) element.hidden = hidden;
}

// Lets the page answer its user before it goes on.
export function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

// Who moves or hides what has the focus takes the focus away: it comes back, or goes to the next button.
export function keepingFocus(change: () => void): void {
  const focused = document.activeElement;
  const around = ancestors(focused);
  change();
  if (!(focused instanceof HTMLElement)) return;
  if (!focused.isConnected) {
    if (document.activeElement === document.body) around.find((each) => each.isConnected && each.hasAttribute("tabindex"))?.focus({ preventScroll: true });
    return;
  }
  const next = focused.hidden ? focused.parentElement?.querySelector<HTMLElement>("button:not([hidden])") : focused;
  if (next !== document.activeElement) (next ?? document.getElementById("choose"))?.focus({ preventScroll: true });
}

function ancestors(element: Element | null): HTMLElement[] {
  const found: HTMLElement[] = [];
  for (let each = element?.parentElement; each && each !== document.body; each = each.parentElement) found.push(each);
  return found;
}
