// What the pages do beyond plain HTML; without this script they work, too.
import "./script";
import { open } from "./entrance";
import { enliven } from "./library";
import { keepFresh } from "./live";

const mould = document.getElementById("mould");
const live = document.getElementById("live");
if (mould instanceof HTMLTemplateElement) {
  enliven(mould.dataset);
  open(mould);
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
    if (!menu.contains(event.target)) menu.open = false;
  const copier = event.target.closest<HTMLElement>("[data-copies]");
  if (copier) void copy(copier);
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector<HTMLDetailsElement>("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary")?.focus();
});

async function copy(button: HTMLElement): Promise<void> {
  const source = document.getElementById(button.dataset.copies ?? "");
  await navigator.clipboard.writeText(source?.textContent ?? "");
  button.textContent = (await import("./language")).said("Copied");
}
