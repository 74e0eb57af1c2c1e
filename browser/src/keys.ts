// The list by the keyboard. Keys that are letters or signs can be turned off: who speaks to a computer types them by chance.
import type { Choosing } from "./choosing";
import { find } from "./dom";
import { rows } from "./list";
import { firstInView } from "./place";
import { remember, remembered } from "./remembered";

const LETTERS = "filemill-letters";
const OFF = "off";

export function useKeys(choosing: Choosing): void {
  const dialog = find<HTMLDialogElement>(document, "#key-help");
  const letters = find<HTMLInputElement>(dialog, "#letters");
  letters.checked = remembered("localStorage", LETTERS) !== OFF;
  letters.addEventListener("change", () => remember("localStorage", LETTERS, letters.checked ? "on" : OFF));
  find(document, "#show-keys").addEventListener("click", () => dialog.showModal());
  const signs: Record<string, () => void> = {
    j: () => move(1),
    k: () => move(-1),
    "/": () => find<HTMLInputElement>(document, "#find").select(),
    "?": () => dialog.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isElsewhere(event.target)) return;
    const act = (letters.checked && signs[event.key]) || actOf(event, choosing);
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function actOf(event: KeyboardEvent, choosing: Choosing): (() => void) | undefined {
  const row = current();
  const { key, shiftKey, target } = event;
  if (key === "Escape") return choosing.count ? () => choosing.chooseAll(false) : undefined;
  if (key === "Delete") return () => void remove(choosing, row);
  if (!row) return undefined;
  const isLink = target instanceof HTMLAnchorElement;
  if (key === " " && isLink) return () => choosing.toggle(row, shiftKey);
  if (key === "Enter" && !isLink) return () => find(row, ".name").click();
  const step = steps()[key];
  return step ? () => move(step) : undefined;
}

// Where letters are typed, or where keys have a meaning of their own.
function isElsewhere(target: EventTarget | null): boolean {
  if (document.querySelector("dialog[open], details.menu[open]")) return true;
  if (!(target instanceof HTMLElement) || target === document.body) return false;
  return target.matches("input:not([type=checkbox]), textarea, select");
}

function current(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>("#rows .row[id]") ?? null;
}

// In a grid, up and down lead to the row above and below.
function steps(): Record<string, number> {
  const all = rows();
  const top = all[0]?.offsetTop;
  const wide = Math.max(all.findIndex((row) => row.offsetTop !== top), 1);
  const beside = wide > 1 ? { ArrowLeft: -1, ArrowRight: 1 } : {};
  return { ArrowUp: -wide, ArrowDown: wide, ...beside };
}

function move(step: number): void {
  const all = rows();
  const row = current();
  const next = row ? all[all.indexOf(row) + step] : firstInView();
  const name = next?.querySelector<HTMLElement>(".name");
  name?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest" });
}

async function remove(choosing: Choosing, row: HTMLElement | null): Promise<void> {
  const isAlone = choosing.count === 0 && row !== null;
  if (isAlone) choosing.toggle(row, false);
  await choosing.remove();
  if (isAlone) choosing.chooseAll(false);
}
