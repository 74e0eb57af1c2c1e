// A picture in a window of its own, where it can be looked at closely: with buttons, keys and a wheel.
import { said } from "./language";

const STEP = 1.5;
const MOST = 16;

export function zoomable(link: HTMLAnchorElement): void {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // as a link, in another tab
    event.preventDefault();
    open(link);
  });
}

function open(link: HTMLAnchorElement): void {
  const window = document.createElement("dialog");
  const picture = document.createElement("img");
  const stage = document.createElement("div");
  const bar = document.createElement("div");
  window.className = "zoom";
  stage.className = "stage";
  stage.tabIndex = 0;
  bar.className = "zoom-bar";
  picture.src = link.href;
  picture.alt = link.querySelector("img")?.alt ?? "";
  stage.role = "region";
  stage.ariaLabel = window.ariaLabel = picture.alt;
  const told = document.createElement("output");
  let factor = 1;

  const zoom = (wanted: number): void => {
    const before = picture.clientWidth;
    const middle = { x: stage.scrollLeft + stage.clientWidth / 2, y: stage.scrollTop + stage.clientHeight / 2 };
    factor = Math.min(Math.max(wanted, 1), MOST);
    const fit = Math.min(stage.clientWidth / picture.naturalWidth, stage.clientHeight / picture.naturalHeight);
    picture.style.width = `${picture.naturalWidth * fit * factor}px`;
    told.textContent = `${Math.round(fit * factor * 100)}%`;
    const grown = before ? picture.clientWidth / before : 1;
    stage.scrollTo(middle.x * grown - stage.clientWidth / 2, middle.y * grown - stage.clientHeight / 2);
  };
  const larger = (): void => zoom(factor * STEP);
  const smaller = (): void => zoom(factor / STEP);
  const whole = (): void => zoom(1);

  bar.append(button("−", said("Smaller"), smaller), told, button("+", said("Larger"), larger), button(said("Fit"), said("Fit"), whole));
  bar.append(button(said("Close"), said("Close"), () => window.close()));
  stage.append(picture);
  window.append(bar, stage);
  document.body.append(window);
  picture.addEventListener("load", whole);
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return; // what touchpads send for a pinch; without it the stage scrolls
    event.preventDefault();
    zoom(factor * Math.exp(-event.deltaY / 200));
  });
  window.addEventListener("keydown", (event) => {
    const deeds: Record<string, () => void> = { "+": larger, "=": larger, "-": smaller, "0": whole };
    deeds[event.key]?.();
  });
  window.addEventListener("close", () => {
    window.remove();
    link.focus();
  });
  window.showModal();
  stage.focus();
}

function button(words: string, name: string, action: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: "button plain small", textContent: words, ariaLabel: name });
  made.addEventListener("click", action);
  return made;
}
