// What the pages do beyond plain HTML; without this script they work, too.
import { keepFresh } from "./live.js";
import { takeFiles } from "./upload.js";

document.documentElement.classList.add("script");

const live = document.getElementById("live");
if (live) keepFresh(live);
if (document.getElementById("mould")) takeFiles();

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  const copier = event.target.closest("[data-copies]");
  if (copier) copy(copier);
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

async function copy(button) {
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent);
  button.textContent = "Copied";
}
