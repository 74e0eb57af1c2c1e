// What a preview does beyond plain HTML.
import { makeSortable } from "./grid";
import { foldPanes } from "./panes";
import { helpPlayer } from "./player";
import { zoomable } from "./zoom";

export function enliven(panes: HTMLElement): void {
  foldPanes(panes);
  panes.querySelectorAll<HTMLTableElement>("table[data-sortable]").forEach(makeSortable);
  panes.querySelectorAll<HTMLAnchorElement>("a[data-zoom]").forEach(zoomable);
  panes.querySelectorAll<HTMLMediaElement>("audio, video").forEach(helpPlayer);
}
