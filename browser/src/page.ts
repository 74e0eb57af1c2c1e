// What the pages do beyond plain HTML; without this script they work, too.
import "./script";
import { open } from "./entrance";
import { said } from "./language";
import { enliven } from "./library";
import { keepFresh } from "./live";

const mould = document.getElementById("mould");
const live = document.getElementById("live");
if (mould instanceof HTMLTemplateElement) {
  open(mould);
  enliven(mould.dataset);
} else if (live) keepFresh(live);
if (document.getElementById("panes"))
  void import("./preview").then((preview) => {
    const begin = (): void => document.querySelectorAll<HTMLElement>("#panes").forEach(preview.enliven);
    begin();
    document.addEventListener("fresh", begin);
  });

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]"))
    if (!menu.contains(event.target) || event.target.closest("a")) fold(menu);
  const folded = event.target.closest("[data-folds]")?.closest("details");
  if (folded) fold(folded);
  const copier = event.target.closest<HTMLElement>("[data-copies]");
  if (copier) void copy(copier);
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector<HTMLDetailsElement>("details.menu[open]");
  if (!menu) return;
  fold(menu);
});

// A second click would send the form again, and show what comes of that.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !("once" in form.dataset)) return;
  if ("sent" in form.dataset) event.preventDefault();
  form.dataset.sent = "";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll<HTMLElement>("form[data-sent]")) delete form.dataset.sent;
});

// Who came from the list goes back to it as it was: filtered, in its order, and as far as it had been read.
const back = document.querySelector<HTMLAnchorElement>("a[data-back]");
const before = document.referrer ? new URL(document.referrer) : undefined;
if (back && before?.origin === location.origin && before.pathname === back.pathname) {
  back.href = before.href;
  back.addEventListener("click", returnTo);
}

// To the place in it, too, where the browser tells that it is the page before this one.
function returnTo(event: MouseEvent): void {
  const { navigation } = window;
  const last = navigation?.entries()[(navigation.currentEntry?.index ?? 0) - 1];
  if (!last?.url || new URL(last.url).pathname !== before?.pathname) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  navigation.traverseTo(last.key);
}

document.addEventListener("focusin", ({ target }) => {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]"))
    if (!menu.contains(target as Element)) menu.open = false;
});

function fold(menu: HTMLDetailsElement): void {
  const hadFocus = menu.contains(document.activeElement);
  menu.open = false;
  if (hadFocus) menu.querySelector("summary")?.focus();
}

async function copy(button: HTMLElement): Promise<void> {
  const source = document.getElementById(button.dataset.copies ?? "");
  if (!source) return;
  // Browsers give the clipboard to pages with https alone; elsewhere what is marked can still be copied.
  if ("clipboard" in navigator) await navigator.clipboard.writeText(source.textContent ?? "");
  else getSelection()?.selectAllChildren(source);
  button.textContent = said("clipboard" in navigator || document.execCommand("copy") ? "Copied" : "Press Ctrl+C");
}
