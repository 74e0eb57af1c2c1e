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
  change();
  if (!(focused instanceof HTMLElement) || !focused.isConnected) return;
  const next = focused.hidden ? focused.parentElement?.querySelector<HTMLElement>("button:not([hidden])") : focused;
  if (next !== document.activeElement) (next ?? document.getElementById("choose"))?.focus({ preventScroll: true });
}
